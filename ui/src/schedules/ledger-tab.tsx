import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { Schedule } from '../api/client.ts'
import { countText } from '../format/number.ts'
import { type Chip, type ChipField, Chips } from '../parts/chips.tsx'
import { AsCommand, commandText } from '../parts/command.tsx'
import { RunId } from '../parts/copy.tsx'
import { type Column, DataTable } from '../parts/data-table.tsx'
import { EmptyState, ErrorState, Skeleton } from '../parts/states.tsx'
import { Duration, Time } from '../parts/time.tsx'
import { becameOf, type LedgerLine } from './became.ts'
import { instantIn } from './days.ts'
import { BecameBadge } from './marks.tsx'
import { ledgerQuery } from './queries.ts'
import { ACCOUNTS, type ScheduleSearch, validateScheduleSearch } from './search.ts'
import { WhyNot } from './why-not.tsx'

/** What became of each nominal time, latest first. */
export function LedgerTab({ namespace, schedule, search }: { namespace: string; schedule: Schedule; search: ScheduleSearch }) {
  const { name, timezone: zone = 'UTC' } = schedule
  const { account, from, to } = search
  const navigate = useNavigate()
  const filter = { ...(account && { account }), ...(from && { from }), ...(to && { to }) }
  const ledger = useInfiniteQuery(ledgerQuery(namespace, name, filter))
  const lines = ledger.data?.pages.flatMap(page => page.lines) ?? []
  const columns = useMemo(() => columnsOf(zone), [zone])
  const fields = useMemo(() => fieldsOf(zone), [zone])
  const filtered = Object.keys(filter).length > 0
  return (
    <>
      <div className="flex flex-col gap-3 px-4 py-4 max-sm:px-3">
        <WhyNot namespace={namespace} schedule={schedule} search={search} />
        <div className="flex items-start gap-1">
          <div className="min-w-0 grow">
            <Chips
              label="Filter the ledger"
              fields={fields}
              chips={chipsOf(search)}
              onChange={chips => void navigate({ to: '/schedules/$name', params: { name }, search: searchWith(search, chips) })}
            />
          </div>
          <AsCommand
            text={commandText(
              namespace,
              'schedule',
              'ledger',
              name,
              ...(account ?? []).flatMap(one => ['--account', one]),
              ...(from ? ['--from', from] : []),
              ...(to ? ['--to', to] : []),
            )}
          />
        </div>
      </div>
      {ledger.isPending ? (
        <Skeleton lines={12} />
      ) : ledger.data === undefined ? (
        <ErrorState error={ledger.error} retry={() => void ledger.refetch()} />
      ) : (
        <DataTable
          label="Ledger"
          rows={lines}
          columns={columns}
          rowKey={line => String(line.n)}
          onOpen={line => line.run !== null && void navigate({ to: '/runs/$run', params: { run: line.run }, search: {} })}
          onEnd={() => void (ledger.hasNextPage && !ledger.isFetching && ledger.fetchNextPage())}
          loading={ledger.isFetchingNextPage}
          foot={ledger.hasNextPage ? null : `All ${countText(lines.length)} lines are shown.`}
          empty={
            filtered ? (
              <EmptyState icon="search" title="No time fits this filter" command={commandText(namespace, 'schedule', 'ledger', name)}>
                Take a chip away, or look at all of them.
              </EmptyState>
            ) : (
              <EmptyState icon="schedules" title="None of its times has come yet" command={commandText(namespace, 'schedule', 'preview', name)}>
                Each gets a line here, whatever becomes of it.
              </EmptyState>
            )
          }
        />
      )}
    </>
  )
}

function columnsOf(zone: string): readonly Column<LedgerLine>[] {
  const local = new Intl.DateTimeFormat(undefined, {
    weekday: 'short',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZone: zone,
  })
  return [
    {
      id: 'at',
      header: `Time in ${zone}`,
      width: 'minmax(170px, 1.4fr)',
      card: 'title',
      cell: line => (
        <span className="numeric">
          {local.format(new Date(line.at))}
          {line.count > 1 && (
            <span className="text-soft" title={`${line.count} times, the last at ${local.format(new Date(line.until))}`}>
              {' '}
              and {countText(line.count - 1)} more
            </span>
          )}
        </span>
      ),
    },
    { id: 'ago', header: 'Ago', width: '72px', priority: 2, card: 'none', cell: line => <Time at={line.at} /> },
    {
      id: 'account',
      header: 'Account',
      width: '104px',
      priority: 3,
      card: 'none',
      cell: line => <span className="text-soft">{line.account.replace('_', ' ')}</span>,
    },
    {
      id: 'became',
      header: 'What became of it',
      width: 'minmax(130px, 1fr)',
      card: 'end',
      cell: line => <BecameBadge became={becameOf(line, line.outcome)} />,
    },
    {
      id: 'run',
      header: 'Run',
      width: '64px',
      cell: line =>
        line.run === null ? null : (
          <Link to="/runs/$run" params={{ run: line.run }} search={{}} preload="intent" className="hover:underline">
            <RunId id={line.run} />
          </Link>
        ),
    },
    {
      id: 'late',
      header: 'Late',
      width: '72px',
      align: 'end',
      priority: 2,
      card: 'none',
      cell: line => <Lateness ms={line.lateMs} />,
    },
    {
      id: 'took',
      header: 'Took',
      width: '72px',
      align: 'end',
      priority: 3,
      card: 'none',
      cell: ({ outcome }) => (outcome === null ? <span className="text-soft">–</span> : <Duration from={outcome.startedAt} to={outcome.closedAt} />),
    },
    {
      id: 'why',
      header: 'Why',
      width: 'minmax(160px, 3fr)',
      cell: line => (
        <span className="text-soft" title={line.text ?? undefined}>
          {line.source !== 'time' && <span className="text-ink">{line.source} </span>}
          {line.text ?? line.why ?? ''}
        </span>
      ),
    },
  ]
}

function Lateness({ ms }: { ms: number | null }) {
  if (ms === null) return <span className="text-soft">–</span>
  return ms < 1_000 ? <span className="text-soft">on time</span> : <Duration ms={ms} />
}

function fieldsOf(zone: string): readonly ChipField[] {
  const moment = {
    hint: `2026-11-28 14:00 in ${zone}, or 2h for two hours ago`,
    read: (text: string) => readMoment(text, zone) ?? text,
    accepts: (text: string) => (readMoment(text, zone) === null ? 'not a time' : null),
  }
  return [
    { name: 'account', label: 'Account', values: ACCOUNTS, many: true, strict: true },
    { name: 'from', label: 'From', ...moment },
    { name: 'to', label: 'To', ...moment },
  ]
}

const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const
function readMoment(text: string, zone: string): string | null {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? []
  if (count !== undefined) return new Date(Date.now() - Number(count) * UNITS[unit as keyof typeof UNITS]).toISOString()
  const at = /(Z|[+-]\d\d:?\d\d)$/.test(text) ? Date.parse(text) : instantIn(text, zone)
  return at === null || Number.isNaN(at) ? null : new Date(at).toISOString()
}

function chipsOf({ account = [], from, to }: ScheduleSearch): Chip[] {
  return [
    ...account.map(value => ({ field: 'account', value })),
    ...(from ? [{ field: 'from', value: from }] : []),
    ...(to ? [{ field: 'to', value: to }] : []),
  ]
}

function searchWith({ at }: ScheduleSearch, chips: readonly Chip[]): ScheduleSearch {
  const filter: Record<string, string[]> = {}
  for (const { field, value } of chips) filter[field] = [...(filter[field] ?? []), value]
  return validateScheduleSearch({ tab: 'ledger', at, ...filter })
}
