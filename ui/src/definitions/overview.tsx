import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { call, client, type RunState } from '../api/client.ts'
import type { DefinitionDetail } from '../api/work.ts'
import { countText } from '../format/number.ts'
import { durationText } from '../format/time.ts'
import { LINK } from '../parts/classes.ts'
import { commandText } from '../parts/command.tsx'
import { Count } from '../parts/count.tsx'
import { Figure, Figures } from '../parts/figures.tsx'
import { SplitBar } from '../parts/meter.tsx'
import { Panel } from '../parts/panel.tsx'
import { RunRows } from '../parts/run-rows.tsx'
import { Shares } from '../parts/shares.tsx'
import { EmptyState, Skeleton } from '../parts/states.tsx'
import { outcomeParts } from './columns.tsx'
import { Schedules } from './schedules.tsx'
import { Versions } from './versions.tsx'

/** How it does, by its newest runs; its versions; what starts it. */
export function Overview({ namespace, definition }: { namespace: string; definition: DefinitionDetail }) {
  const { options } = definition
  const { queue = 'default' } = options
  return (
    <div className="flex flex-col gap-4">
      <Outcomes definition={definition} />
      {options.fair !== undefined && <Shares namespace={namespace} queue={queue} title={`Turns in queue ${queue}`} />}
      <Versions namespace={namespace} definition={definition} />
      <div className="grid grid-cols-2 items-start gap-4 max-lg:grid-cols-1">
        <Newest namespace={namespace} name={definition.name} />
        <Schedules namespace={namespace} definition={definition.name} />
      </div>
    </div>
  )
}

function Outcomes({ definition: { name, recent, options } }: { definition: DefinitionDetail }) {
  const { counts, runs, runMs } = recent
  const of = (states: RunState[]): number => states.reduce((sum, state) => sum + (counts[state] ?? 0), 0)
  const link = (state: RunState[]) => ({ to: '/runs' as const, search: { definition: [name], state } })
  const closed = of(['completed', 'failed', 'timed_out', 'cancelled', 'terminated'])
  const failed = of(['failed', 'timed_out'])
  const queue = options.queue ?? 'default'
  return (
    <>
      <Figures>
        <Figure
          label="Completed"
          value={<Count of={of(['completed'])} compact />}
          note={share(of(['completed']), closed)}
          link={link(['completed'])}
        />
        <Figure
          label="Failed"
          value={<Count of={failed} compact />}
          note={failed === 0 ? 'none' : share(failed, closed)}
          tone={failed > 0 ? 'bad' : undefined}
          link={link(['failed', 'timed_out'])}
        />
        <Figure
          label="Open"
          value={<Count of={of(['scheduled', 'queued', 'running', 'waiting'])} compact />}
          note={`${of(['running'])} running, ${of(['queued'])} queued`}
          link={link(['scheduled', 'queued', 'running', 'waiting'])}
        />
        <Figure
          label="Parked"
          value={<Count of={of(['paused'])} compact />}
          note={of(['paused']) === 0 ? 'none waits for you' : 'wait for you'}
          tone={of(['paused']) > 0 ? 'warn' : undefined}
          link={link(['paused'])}
        />
        <Figure label="Usually takes" value={runMs === null ? '–' : durationText(runMs.p50)} note="half take less" />
        <Figure label="Slow ones take" value={runMs === null ? '–' : durationText(runMs.p95)} note="19 of 20 take less" />
        <Figure
          label="Queue"
          value={<span className="text-title">{queue}</span>}
          note="where its runs wait"
          link={{ to: '/queues/$name', params: { name: queue } }}
        />
      </Figures>
      <div className="-mt-2 flex items-center gap-3">
        <SplitBar label={`The newest runs of ${name}`} parts={outcomeParts(counts)} height={6} />
        <span className="shrink-0 text-small text-soft">{runs === 0 ? 'no run yet' : `of the newest ${countText(runs)}`}</span>
      </div>
    </>
  )
}

function share(part: number, of: number): string {
  if (of === 0) return 'nothing closed'
  const percent = (part / of) * 100
  return `${percent > 0 && percent < 1 ? '<1' : percent < 100 && percent > 99 ? '>99' : Math.round(percent)} % of those closed`
}

const SHOWN = 8
function Newest({ namespace, name }: { namespace: string; name: string }) {
  const runs = useQuery({
    queryKey: [namespace, 'definition', name, 'newest'],
    queryFn: ({ signal }) =>
      call(client.GET('/v1/namespaces/{namespace}/runs', { params: { path: { namespace }, query: { definition: [name], limit: SHOWN } }, signal })),
    meta: { refreshMs: 1_000 },
  })
  return (
    <Panel
      title="Newest runs"
      padded={false}
      aside={
        <Link to="/runs" search={{ definition: [name] }} className={LINK}>
          all runs
        </Link>
      }
    >
      {runs.data === undefined ? (
        <Skeleton lines={5} />
      ) : runs.data.runs.length === 0 ? (
        <EmptyState small icon="runs" title="It has not run yet" command={commandText(namespace, 'start', name, '{}')} />
      ) : (
        <RunRows
          runs={runs.data.runs}
          time={run => run.createdAt}
          hasDefinition={false}
          says={run => run.failure?.message ?? run.progress?.message ?? run.reason ?? run.state}
        />
      )}
    </Panel>
  )
}
