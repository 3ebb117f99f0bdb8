import { useQuery } from '@tanstack/react-query'
import { call, client, type RunDetail } from '../../api/client.ts'
import { shortId } from '../../format/id.ts'
import { countText } from '../../format/number.ts'
import { commandText } from '../../parts/command.tsx'
import { Copy } from '../../parts/copy.tsx'
import { Panel } from '../../parts/panel.tsx'
import { ErrorState, Skeleton } from '../../parts/states.tsx'
import { blobAt, Download } from './download.tsx'

/** The files that a run has stored. */
export default function Files({ namespace, run }: { namespace: string; run: RunDetail }) {
  const files = useQuery({
    // A later attempt may replace one.
    queryKey: [namespace, 'runs', run.id, 'files', run.files?.join('/'), run.attempt, run.state] as const,
    queryFn: ({ signal }) =>
      call(client.GET('/v1/namespaces/{namespace}/runs/{run}/files', { params: { path: { namespace, run: run.id } }, signal })),
  })
  return (
    <Panel title="Files" aside={<Copy text={commandText(namespace, 'files', shortId(run.id))} label="Copy the command" />}>
      {files.isPending ? (
        <Skeleton lines={2} />
      ) : files.data === undefined ? (
        <ErrorState error={files.error} retry={() => void files.refetch()} />
      ) : files.data.files.length === 0 ? (
        <p className="text-soft">None of them is whole yet.</p>
      ) : (
        <ul>
          {files.data.files.map(({ name, bytes, type }) => (
            <li key={name} className="flex items-center gap-3 py-1">
              <span className="min-w-0 truncate font-mono">{name}</span>
              <span className="text-small text-soft">
                {countText(bytes)} bytes, {type}
              </span>
              <Download name={name} read={() => blobAt(namespace, `runs/${run.id}/files/${encodeURIComponent(name)}`)} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}
