import { useQuery } from '@tanstack/react-query'
import { call, client, type RunDetail } from '../../api/client.ts'
import type { components } from '../../api/generated.ts'
import { shortId } from '../../format/id.ts'
import { countText } from '../../format/number.ts'
import { commandText } from '../../parts/command.tsx'
import { Copy } from '../../parts/copy.tsx'
import { Panel } from '../../parts/panel.tsx'
import { ErrorState, Skeleton } from '../../parts/states.tsx'
import { Grid, isWeb, Markdown, WebLink } from './markdown.tsx'

type Artifact = components['schemas']['Artifact']

/** Of a table; the command has all of it. */
const ROWS_SHOWN_MAX = 500

/** What a run has left to be looked at. */
export default function Artifacts({
  namespace,
  run,
  artifacts,
}: {
  namespace: string
  run: RunDetail
  artifacts: NonNullable<RunDetail['artifacts']>
}) {
  return artifacts.map(({ name }) => <Shown key={name} namespace={namespace} run={run} name={name} />)
}

function Shown({ namespace, run, name }: { namespace: string; run: RunDetail; name: string }) {
  const artifact = useQuery({
    // A later attempt may replace it.
    queryKey: [namespace, 'runs', run.id, 'artifacts', name, run.attempt, run.state] as const,
    queryFn: ({ signal }) =>
      call(client.GET('/v1/namespaces/{namespace}/runs/{run}/artifacts/{name}', { params: { path: { namespace, run: run.id, name } }, signal })),
  })
  const { data } = artifact
  return (
    <Panel
      title={data?.title ?? name}
      aside={
        <>
          <span className="text-small">
            {data?.step}
            {data !== undefined && data.attempt > 1 && ` attempt ${data.attempt}`}
          </span>
          <Copy text={commandText(namespace, 'artifacts', shortId(run.id), name)} label="Copy the command" />
        </>
      }
    >
      {artifact.isPending ? (
        <Skeleton lines={3} />
      ) : data === undefined ? (
        <ErrorState error={artifact.error} retry={() => void artifact.refetch()} />
      ) : (
        <Content artifact={data} />
      )}
    </Panel>
  )
}

function Content({ artifact: { name, kind, title, type, value } }: { artifact: Artifact }) {
  if (kind === 'image') return <img src={`data:${type};base64,${value}`} alt={title ?? name} className="max-w-full" />
  if (kind === 'markdown') return <Markdown text={String(value)} />
  if (kind === 'link') return isWeb(String(value)) ? <WebLink href={String(value)}>{String(value)}</WebLink> : <p>{String(value)}</p>
  const { columns, rows } = value as { columns: string[]; rows: unknown[][] }
  return (
    <>
      <Grid label={title ?? name} columns={columns} rows={rows.slice(0, ROWS_SHOWN_MAX).map(row => columns.map((_, at) => cellText(row[at])))} />
      {rows.length > ROWS_SHOWN_MAX && (
        <p className="pt-2 text-small text-soft">
          the first {countText(ROWS_SHOWN_MAX)} of {countText(rows.length)} rows
        </p>
      )}
    </>
  )
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}
