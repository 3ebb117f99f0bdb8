import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Schedule } from '../api/client.ts'
import { countText } from '../format/number.ts'
import { usePreferences } from '../format/preferences.ts'
import { browserZone, durationText } from '../format/time.ts'
import { AsCommand, commandText } from '../parts/command.tsx'
import { RunId } from '../parts/copy.tsx'
import { JsonView } from '../parts/json-view.tsx'
import { Facts, Panel } from '../parts/panel.tsx'
import { Reasons } from '../parts/reasons.tsx'
import { EmptyState, ErrorState, Skeleton } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { Watermark } from '../parts/watermark.tsx'
import { Backfills } from './backfills.tsx'
import { becameOf } from './became.ts'
import { BecameBadge } from './marks.tsx'
import { explainScheduleQuery, ledgerQuery, nextTimesQuery } from './queries.ts'
import { writtenText } from './state.ts'
import { TimeRow } from './time-row.tsx'
import { catchupWords, OVERLAP_WORDS } from './words.ts'

const LINK = 'underline decoration-line underline-offset-3 hover:decoration-current'

/** What it does, what comes next, what stands in its way, and what became of the last times. */
export function Overview({ namespace, schedule }: { namespace: string; schedule: Schedule }) {
  return (
    <>
      {schedule.backfills.length > 0 && <Backfills namespace={namespace} name={schedule.name} open />}
      <div className="grid grid-cols-2 items-start gap-4 max-lg:grid-cols-1">
        <NextTimes namespace={namespace} schedule={schedule} />
        <LastTimes namespace={namespace} name={schedule.name} />
        <WhatItDoes schedule={schedule} />
        <Standing namespace={namespace} name={schedule.name} />
      </div>
      {schedule.input !== undefined && schedule.input !== null && (
        <Panel title="Input">
          <JsonView value={schedule.input} name={`${schedule.name}-input`} />
        </Panel>
      )}
    </>
  )
}

function WhatItDoes({ schedule }: { schedule: Schedule }) {
  const { target, timezone = 'UTC', dialect, overlap, catchup, jitter, origin, open, buffered, fired, watermark } = schedule
  return (
    <Panel title="What it does">
      <Facts
        facts={[
          [
            'Starts',
            <Link key="target" to="/runs" search={{ definition: [target] }} className={LINK}>
              {target}
            </Link>,
          ],
          ['As written', <code key="written">{writtenText(schedule)}</code>],
          ['Zone', timezone],
          ...(dialect === undefined ? [] : ([['Dialect', dialect]] as const)),
          ['Still open when due', OVERLAP_WORDS[overlap]],
          ['Missed', catchupWords(catchup)],
          ['Jitter', jitter === 0 ? 'none' : `up to ${durationText(jitter)}`],
          ['From', origin.is === 'code' ? `code of ${origin.source}` : origin.is === 'apply' ? 'a file that was applied' : 'a call'],
          ['Changed', <Time key="edited" at={schedule.editedAt} />],
          [
            'Fired',
            <Link
              key="fired"
              to="/schedules/$name"
              params={{ name: schedule.name }}
              search={{ tab: 'ledger', account: ['fired', 'recovered'] }}
              className={LINK}
            >
              {countText(fired)} times
            </Link>,
          ],
          [
            'Open now',
            open.length === 0
              ? 'none'
              : open.slice(0, 4).map(run => (
                  <Link key={run} to="/runs/$run" params={{ run }} search={{}} className={`mr-2 ${LINK}`}>
                    <RunId id={run} />
                  </Link>
                )),
          ],
          ...(watermark === null ? [] : ([['Watermark', <Watermark key="watermark" mark={watermark} />]] as const)),
          ...(buffered === 0 ? [] : ([['Wait for it', countText(buffered)]] as const)),
        ]}
      />
    </Panel>
  )
}

const NEXT_COUNT = 8

function NextTimes({ namespace, schedule }: { namespace: string; schedule: Schedule }) {
  const { zone } = usePreferences()
  const next = useQuery(nextTimesQuery(namespace, schedule.name, NEXT_COUNT))
  const own = schedule.timezone ?? 'UTC'
  const here = zone ?? browserZone()
  return (
    <Panel title="Next times" padded={false} aside={<AsCommand text={commandText(namespace, 'schedule', 'preview', schedule.name)} />}>
      {next.isPending ? (
        <Skeleton lines={NEXT_COUNT} />
      ) : next.data === undefined ? (
        <ErrorState error={next.error} retry={() => void next.refetch()} />
      ) : next.data.times.length === 0 ? (
        <EmptyState icon="schedules" title="It has no further time" command={commandText(namespace, 'schedule', 'explain', schedule.name)} />
      ) : (
        <>
          <ol className={schedule.paused === null ? '' : 'opacity-60'}>
            {next.data.times.map(time => (
              <TimeRow key={time.at} time={time} own={own} here={here} />
            ))}
          </ol>
          {next.data.warnings.length > 0 && (
            <ul className="border-t border-line px-3 py-2">
              {next.data.warnings.map(warning => (
                <li key={warning.code} className="text-small">
                  <span className="text-paused">{warning.message}</span> <span className="text-soft">{warning.hint}</span>
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </Panel>
  )
}

const LAST_COUNT = 8

function LastTimes({ namespace, name }: { namespace: string; name: string }) {
  const ledger = useInfiniteQuery(ledgerQuery(namespace, name, {}, LAST_COUNT))
  const lines = ledger.data?.pages[0]?.lines
  return (
    <Panel
      title="Last times"
      padded={false}
      aside={
        <Link to="/schedules/$name" params={{ name }} search={{ tab: 'ledger' }} className={LINK}>
          Ledger
        </Link>
      }
    >
      {ledger.isPending ? (
        <Skeleton lines={LAST_COUNT} />
      ) : lines === undefined ? (
        <ErrorState error={ledger.error} retry={() => void ledger.refetch()} />
      ) : lines.length === 0 ? (
        <EmptyState icon="schedules" title="None of its times has come yet" />
      ) : (
        <ol>
          {lines.map(line => (
            <li key={line.n} className="flex h-9 items-center gap-3 border-b border-line px-3 last:border-b-0">
              <span className="numeric w-28 shrink-0">
                <Time at={line.at} as="short" />
              </span>
              <span className="w-36 shrink-0">
                <BecameBadge became={becameOf(line, line.outcome)} />
              </span>
              <span className="min-w-0 grow truncate text-soft" title={line.text ?? undefined}>
                {line.count > 1 && `${countText(line.count)} times `}
                {line.text}
              </span>
              {line.run !== null && (
                <Link to="/runs/$run" params={{ run: line.run }} search={{}} preload="intent" className={LINK}>
                  <RunId id={line.run} />
                </Link>
              )}
            </li>
          ))}
        </ol>
      )}
    </Panel>
  )
}

function Standing({ namespace, name }: { namespace: string; name: string }) {
  const explanation = useQuery(explainScheduleQuery(namespace, name, undefined))
  return (
    <Panel title="What it waits for" aside={<AsCommand text={commandText(namespace, 'schedule', 'explain', name)} />}>
      {explanation.isPending ? (
        <Skeleton lines={2} />
      ) : explanation.data === undefined ? (
        <ErrorState error={explanation.error} retry={() => void explanation.refetch()} />
      ) : (
        <div className="flex flex-col gap-2">
          {explanation.data.reasons.length > 0 ? <Reasons reasons={explanation.data.reasons} /> : <p>Nothing stands in its way.</p>}
          {explanation.data.clear.length > 0 && <p className="text-soft">All else is clear: {explanation.data.clear.join(', ')}.</p>}
        </div>
      )}
    </Panel>
  )
}
