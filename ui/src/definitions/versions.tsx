import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type DefinitionDetail, versionsQuery, type WorkflowVersions } from '../api/work.ts'
import { countText } from '../format/number.ts'
import { versionText } from '../format/word.ts'
import { LINK } from '../parts/classes.ts'
import { Copy } from '../parts/copy.tsx'
import type { Column } from '../parts/data-table.tsx'
import { SplitBar } from '../parts/meter.tsx'
import { Panel } from '../parts/panel.tsx'
import { Rows } from '../parts/rows.tsx'
import { Time } from '../parts/time.tsx'
import { outcomeParts } from './columns.tsx'

type Version = DefinitionDetail['versions'][number]
const WORKERS_SHOWN = 3

/** Its versions, newest first: since when, who serves each now, and how the runs that they served last have gone. */
export function Versions({ namespace, definition }: { namespace: string; definition: DefinitionDetail }) {
  const { name, kind, version: newest, versions, recent } = definition
  const { data: routed } = useQuery({ ...versionsQuery(namespace, name), enabled: kind === 'workflow' })
  const countsOf = (version: string): Record<string, number> => recent.versions.find(one => one.version === version)?.counts ?? {}
  const columns: readonly Column<Version>[] = [
    {
      id: 'version',
      header: 'Version',
      cell: ({ version }) => (
        <span className="inline-flex items-center gap-1">
          <code>{versionText(version)}</code>
          <Copy text={version} label={`Copy version ${versionText(version)}`} />
          {version === newest && <span className="text-small text-soft">newest</span>}
        </span>
      ),
    },
    ...(kind === 'workflow' ? [routedColumn(new Map(routed?.versions.map(one => [one.version, one])))] : []),
    { id: 'since', header: 'Since', cell: ({ registeredAt }) => <Time at={registeredAt} as="short" /> },
    {
      id: 'workers',
      header: 'Served by',
      width: '26%',
      cell: version => <ServedBy name={name} version={version} isNewest={version.version === newest} />,
    },
    {
      id: 'runs',
      header: 'Of the newest runs',
      width: '32%',
      priority: 2,
      cell: ({ version }) => <Runs version={version} counts={countsOf(version)} />,
    },
  ]
  return (
    <Panel title={versions.length === 1 ? 'Version' : `${versions.length} versions`} padded={false}>
      <Rows label={`Versions of ${name}`} columns={columns} rows={versions} rowKey={({ version }) => version} />
    </Panel>
  )
}

type Routed = WorkflowVersions['versions'][number]

/** Of a workflow: what it gets, and which open runs still need it. */
function routedColumn(routed: ReadonlyMap<string, Routed>): Column<Version> {
  return {
    id: 'state',
    header: 'State',
    cell: ({ version }) => {
      const one = routed.get(version)
      if (one === undefined) return null
      const share = one.percent === null || one.percent === 0 ? '' : ` ${one.percent} %`
      return (
        <span className="flex flex-wrap gap-x-2">
          <span>{`${one.state}${share}`}</span>
          {one.open > 0 && <span className="text-soft">{countText(one.open)} open</span>}
        </span>
      )
    },
  }
}

function ServedBy({ name, version: { workers }, isNewest }: { name: string; version: Version; isNewest: boolean }) {
  if (workers.length === 0)
    return <span className={isNewest ? 'font-medium text-failed' : 'text-soft'}>{isNewest ? 'no worker: its runs wait' : 'nobody any more'}</span>
  return (
    <span className="flex flex-wrap gap-x-2">
      {workers.slice(0, WORKERS_SHOWN).map(({ id, name: worker }) => (
        <Link key={id} to="/workers/$id" params={{ id }} search={{}} className={LINK}>
          {worker}
        </Link>
      ))}
      {workers.length > WORKERS_SHOWN && (
        <Link to="/workers" search={{ definition: name }} className="text-soft hover:underline">
          and {workers.length - WORKERS_SHOWN} more
        </Link>
      )}
    </span>
  )
}

function Runs({ version, counts }: { version: string; counts: Record<string, number> }) {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
  if (total === 0) return <span className="text-soft">none</span>
  const parts = outcomeParts(counts)
  const failed = parts.find(({ state }) => state === 'failed')?.count ?? 0
  return (
    <span className="flex items-center gap-3">
      <SplitBar label={`Runs by ${versionText(version)}`} parts={parts} height={6} />
      <span className="numeric shrink-0">
        {countText(total)}
        {failed > 0 && <span className="text-failed">, {countText(failed)} failed</span>}
      </span>
    </span>
  )
}
