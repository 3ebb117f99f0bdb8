import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Schedule } from '../api/client.ts'
import { useAction } from '../api/use-action.ts'
import { definitionQuery } from '../api/work.ts'
import { countText } from '../format/number.ts'
import { durationText } from '../format/time.ts'
import { Button } from '../parts/button.tsx'
import { Command, commandText } from '../parts/command.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { TextField } from '../parts/field.tsx'
import { ProblemText } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { backfillSchedule } from './actions.ts'
import { fieldTime, instantIn } from './days.ts'
import { timesQuery } from './queries.ts'

const TIMES_MAX = 1_000
const ACTIVE_MAX = 1_000

/** Starts the times of a range again: how many there are, and how long that takes, before it begins. */
export function BackfillDialog({ namespace, schedule, onClose }: { namespace: string; schedule: Schedule; onClose(): void }) {
  const { name, timezone: zone = 'UTC' } = schedule
  const [opened] = useState(() => Date.now())
  const [from, setFrom] = useState(() => fieldTime(opened - 86_400_000, zone))
  const [to, setTo] = useState(() => fieldTime(opened, zone))
  const [active, setActive] = useState('1')
  const [first, last] = [instantIn(from, zone), instantIn(to, zone)]
  const maxActive = Number(active)
  const wrong =
    first === null || last === null
      ? 'both ends are needed'
      : last < first
        ? 'it ends before it begins'
        : !Number.isInteger(maxActive) || maxActive < 1 || maxActive > ACTIVE_MAX
          ? `at most so many at a time: 1 to ${countText(ACTIVE_MAX)}`
          : null
  const asked = first === null ? '' : new Date(first - 1).toISOString()
  const preview = useQuery({ ...timesQuery(namespace, name, asked, TIMES_MAX), enabled: wrong === null })
  const usual = useQuery(definitionQuery(namespace, schedule.target, { staleTime: 30_000 })).data?.recent.runMs?.p50
  const within = (preview.data?.times ?? []).filter(({ at }) => Date.parse(at) <= (last ?? 0))
  const times = within.filter(({ held }) => held === null)
  const atLeast = within.length === TIMES_MAX
  const begin = useAction({
    label: `Backfill ${name}`,
    call: (_: null, callKey) =>
      backfillSchedule(namespace, name, callKey, { from: new Date(first ?? 0).toISOString(), to: new Date(last ?? 0).toISOString(), maxActive }),
    done: 'begun: see its progress on the page',
    refresh: [[namespace, 'schedule', name]],
    onDone: onClose,
  })
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Backfill ${name}`}
      description="Starts each time of the range again, oldest first, beside what is due by itself."
      actions={
        <>
          <Button onClick={onClose}>Leave it</Button>
          <Button kind="main" pending={begin.pending} disabled={wrong !== null || times.length === 0} onClick={() => begin.run(null)}>
            Start {atLeast ? 'them' : `${countText(times.length)} run${times.length === 1 ? '' : 's'}`}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3">
        <div className="grid grid-cols-2 gap-3 max-sm:grid-cols-1">
          <TextField
            label="From"
            type="datetime-local"
            value={from}
            onChange={event => setFrom(event.target.value)}
            help={`as the clock shows it in ${zone}`}
          />
          <TextField label="To, included" type="datetime-local" value={to} onChange={event => setTo(event.target.value)} />
        </div>
        <TextField
          label="Runs open at a time"
          inputMode="numeric"
          value={active}
          onChange={event => setActive(event.target.value)}
          help="More are done sooner, and take more of the workers from what is due."
        />
        <div role="status" className="rounded border border-line bg-ground px-3 py-2">
          {wrong !== null ? (
            <span className="text-failed">{wrong}</span>
          ) : preview.isPending ? (
            <span className="text-soft">Counting …</span>
          ) : times.length === 0 ? (
            'It has no time in this range: nothing would start.'
          ) : (
            <>
              <b className="font-semibold">
                {atLeast ? 'At least ' : ''}
                {countText(times.length)} time{times.length === 1 ? '' : 's'}
              </b>
              , from <Time at={times[0]?.at ?? null} as="short" /> to <Time at={times.at(-1)?.at ?? null} as="short" />
              {within.length > times.length && <>; {countText(within.length - times.length)} more are held and not started</>}
              {usual !== undefined && !atLeast && maxActive >= 1 && (
                <span className="block text-soft">
                  A run takes {durationText(usual)} usually: about {durationText((usual * times.length) / Math.min(maxActive, times.length))} in all,{' '}
                  {countText(Math.min(maxActive, times.length))} at a time.
                </span>
              )}
            </>
          )}
        </div>
        <Command
          text={commandText(namespace, 'schedule', 'backfill', name, '--from', from, '--to', to, ...(maxActive > 1 ? ['--max-active', active] : []))}
        />
        {begin.problem && <ProblemText problem={begin.problem} />}
      </div>
    </Dialog>
  )
}
