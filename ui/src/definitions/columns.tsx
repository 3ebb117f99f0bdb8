import { Link } from '@tanstack/react-router'
import type { DefinitionRow } from '../api/work.ts'
import { versionText } from '../format/word.ts'
import { Count } from '../parts/count.tsx'
import type { Column } from '../parts/data-table.tsx'
import { Icon } from '../parts/icons.tsx'
import { SplitBar } from '../parts/meter.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { Time } from '../parts/time.tsx'

const DEFAULT_QUEUE = 'default'

export const definitionColumns: readonly Column<DefinitionRow>[] = [
  {
    id: 'name',
    header: 'Definition',
    width: 'minmax(150px, 1.8fr)',
    card: 'title',
    cell: ({ name }) => (
      <Link to="/definitions/$name" params={{ name }} search={{}} preload="intent" className="font-medium hover:underline">
        {name}
      </Link>
    ),
  },
  { id: 'state', header: 'State', width: 'minmax(120px, 1.3fr)', card: 'end', cell: definition => <DefinitionState definition={definition} /> },
  {
    id: 'queue',
    header: 'Queue',
    width: 'minmax(90px, 1fr)',
    priority: 2,
    cell: ({ options: { queue = DEFAULT_QUEUE } }) => (
      <Link to="/queues/$name" params={{ name: queue }} search={{}} className="hover:underline">
        {queue}
      </Link>
    ),
  },
  { id: 'hour', header: 'Last hour', width: 'minmax(190px, 1.6fr)', cell: definition => <LastHour definition={definition} /> },
  { id: 'bar', header: 'Outcomes', width: 'minmax(80px, 1fr)', priority: 3, card: 'none', cell: definition => <Outcomes definition={definition} /> },
  {
    id: 'version',
    header: 'Version',
    width: '120px',
    priority: 2,
    card: 'none',
    cell: ({ version, versions }) => (
      <span title={version}>
        <code>{versionText(version)}</code>
        {versions > 1 && <span className="text-soft"> of {versions}</span>}
      </span>
    ),
  },
  { id: 'since', header: 'Since', width: '84px', align: 'end', priority: 2, card: 'none', cell: ({ registeredAt }) => <Time at={registeredAt} /> },
]

export function failedOf({ lastHour: { closed } }: DefinitionRow): number {
  return (closed.failed ?? 0) + (closed.timed_out ?? 0)
}

export function DefinitionState({
  definition: { paused, override, lastHour },
}: {
  definition: Pick<DefinitionRow, 'paused' | 'override' | 'lastHour'>
}) {
  if (paused !== null) return <StateBadge state="paused" reason={paused.by === null ? null : `by ${paused.by}`} />
  if (override !== null) return <StateBadge state="operator" reason="changed" />
  return <span className="text-soft">{lastHour.started > 0 ? 'in use' : 'quiet'}</span>
}

function LastHour({ definition }: { definition: DefinitionRow }) {
  const { name, lastHour } = definition
  const failed = failedOf(definition)
  if (lastHour.started === 0 && Object.keys(lastHour.closed).length === 0) return <span className="text-soft">nothing</span>
  return (
    <span className="inline-flex gap-3">
      <Link to="/runs" search={{ definition: [name] }} className="hover:underline">
        <Count of={lastHour.started} compact /> <span className="text-soft">started</span>
      </Link>
      {failed > 0 && (
        <Link
          to="/runs"
          search={{ definition: [name], state: ['failed', 'timed_out'] }}
          className="inline-flex items-center gap-1 font-medium text-failed hover:underline"
        >
          <Icon name="failed" size={12} />
          <Count of={failed} compact /> failed
        </Link>
      )}
    </span>
  )
}

function Outcomes({ definition: { name, lastHour } }: { definition: DefinitionRow }) {
  const parts = outcomeParts(lastHour.closed)
  if (parts.every(({ count }) => count === 0)) return <span className="text-soft">–</span>
  return <SplitBar label={`${name} in the last hour`} parts={parts} height={4} />
}

export function outcomeParts(counts: Readonly<Record<string, number>>): { state: string; word: string; count: number }[] {
  const open = ['scheduled', 'queued', 'running', 'waiting'].reduce((sum, state) => sum + (counts[state] ?? 0), 0)
  return [
    { state: 'completed', word: 'completed', count: counts.completed ?? 0 },
    { state: 'failed', word: 'failed', count: (counts.failed ?? 0) + (counts.timed_out ?? 0) },
    { state: 'cancelled', word: 'cancelled', count: (counts.cancelled ?? 0) + (counts.terminated ?? 0) },
    { state: 'paused', word: 'parked', count: counts.paused ?? 0 },
    { state: 'running', word: 'open', count: open },
  ]
}
