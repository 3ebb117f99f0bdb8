import type { Queue } from '../api/work.ts'
import { useNow } from '../format/clock.ts'
import { Count } from '../parts/count.tsx'
import { Figure, Figures } from '../parts/figures.tsx'
import { Duration, Time } from '../parts/time.tsx'
import { closedOf, WAITS_LONG_MS } from './attention.ts'

/** The queue's numbers, each a link to what it counts. */
export function QueueFigures({ queue }: { queue: Queue }) {
  const { name, depth, running, scheduled, waiting, parked, oldestAt, workers, lastHour } = queue
  const late = useNow() - Date.parse(oldestAt ?? '') > WAITS_LONG_MS
  const { completed, failed } = closedOf(lastHour.closed)
  const of = [name]
  return (
    <Figures>
      <Figure
        label="Waiting"
        value={<Count of={depth} compact />}
        note="due, not yet begun"
        link={{ to: '/runs', search: { queue: of, state: ['queued'] } }}
      />
      <Figure
        label="Oldest waits"
        value={oldestAt === null ? '–' : <Duration from={oldestAt} to={null} />}
        note={oldestAt === null ? 'nothing waits' : <Time at={oldestAt} as="short" />}
        tone={late ? 'warn' : undefined}
      />
      <Figure
        label="Running"
        value={<Count of={running} compact />}
        note="handed to workers"
        link={{ to: '/runs', search: { queue: of, state: ['running'] } }}
      />
      <Figure
        label="Scheduled"
        value={<Count of={scheduled} compact />}
        note={waiting === 0 ? 'not yet due' : `${waiting} between attempts`}
        link={{ to: '/runs', search: { queue: of, state: ['scheduled', 'waiting'] } }}
      />
      <Figure
        label="Parked"
        value={<Count of={parked} compact />}
        note={parked === 0 ? 'none waits for you' : 'wait for you'}
        tone={parked > 0 ? 'warn' : undefined}
        link={{ to: '/runs', search: { queue: of, state: ['paused'] } }}
      />
      <Figure
        label="Completed, last hour"
        value={<Count of={completed} compact />}
        note={`${lastHour.started} started`}
        link={{ to: '/runs', search: { queue: of, state: ['completed'] } }}
      />
      <Figure
        label="Failed, last hour"
        value={<Count of={failed} compact />}
        note={failed === 0 ? 'none' : `of ${completed + failed} closed`}
        tone={failed > 0 ? 'bad' : undefined}
        link={{ to: '/runs', search: { queue: of, state: ['failed', 'timed_out'] } }}
      />
      <Figure
        label="Workers"
        value={<Count of={workers} />}
        note={workers === 0 ? 'nobody takes from it' : 'take from it'}
        tone={workers === 0 && depth > 0 ? 'bad' : undefined}
        link={{ to: '/workers', search: { queue: name } }}
      />
    </Figures>
  )
}
