import { useState } from 'react'
import type { Chunk, RunDetail } from '../../api/client.ts'
import { useStreamEvents } from '../../api/run-events.ts'
import { shortId } from '../../format/id.ts'
import { countText } from '../../format/number.ts'
import { commandText } from '../../parts/command.tsx'
import { Copy } from '../../parts/copy.tsx'
import { JsonView } from '../../parts/json-view.tsx'
import { Panel } from '../../parts/panel.tsx'
import { partsOf, standing } from './parts.ts'

/** The last that are shown; the command has all of them. */
const SHOWN_MAX = 2_000

/** What a run has written to its streams, live while it does. */
export default function Streams({ namespace, run, streams }: { namespace: string; run: RunDetail; streams: NonNullable<RunDetail['streams']> }) {
  return streams.map(({ name }) => <Stream key={name} namespace={namespace} run={run} name={name} />)
}

function Stream({ namespace, run, name }: { namespace: string; run: RunDetail; name: string }) {
  const [chunks, setChunks] = useState<readonly Chunk[]>([])
  const [ended, setEnded] = useState(false)
  useStreamEvents(namespace, run.id, name, events => {
    setChunks(before =>
      standing(
        before,
        events.filter(event => event.is === 'chunk'),
        SHOWN_MAX,
      ),
    )
    if (events.some(({ is }) => is === 'end')) setEnded(true)
  })
  const last = chunks.at(-1)
  return (
    <Panel
      title={`Stream “${name}”`}
      aside={
        <>
          <span className="numeric text-small">
            {last !== undefined && `${countText(last.n + 1)} chunks · `}
            {ended ? 'ended' : 'live'}
          </span>
          <Copy text={commandText(namespace, 'stream', shortId(run.id), name, '--follow')} label="Copy the command" />
        </>
      }
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
      <div role="log" aria-label={name} tabIndex={0} className="flex max-h-96 flex-col gap-2 overflow-auto">
        {partsOf(chunks).map(({ n, step, attempt, text, value }) => (
          <div key={n} className="min-w-0">
            {step !== null && (
              <p className="text-small text-soft">
                {step}
                {attempt > 1 && ` · attempt ${attempt}`}
              </p>
            )}
            {text === null ? (
              <JsonView value={value} name={`${run.definition}-${name}-${n}`} label={`Chunk ${n}`} />
            ) : (
              <p className="whitespace-pre-wrap break-words font-mono">{text}</p>
            )}
          </div>
        ))}
      </div>
    </Panel>
  )
}
