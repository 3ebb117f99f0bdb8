import { Copy } from '../parts/copy.tsx'
import { type Failure, framesOf, textOfFailure } from './frames.ts'

/** An error as the handler's language told it: its own frames first, others folded, then what caused it. */
export function FailureView({ failure }: { failure: Failure }) {
  return (
    <div className="flex min-w-0 flex-col gap-3">
      <One failure={failure} copy />
      {chainOf(failure).map((cause, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a chain, which does not change
        <div key={index} className="flex flex-col gap-1 border-l-2 border-line pl-3">
          <p className="text-small text-soft">caused by</p>
          <One failure={cause} />
        </div>
      ))}
    </div>
  )
}

function One({ failure, copy = false }: { failure: Failure; copy?: boolean }) {
  const { own, others } = framesOf(failure)
  const errors = failure.errors ?? []
  return (
    <div className="flex min-w-0 flex-col gap-1.5">
      <div className="flex items-start gap-2">
        <p className="min-w-0 grow break-words">
          <span className="font-mono text-small font-semibold text-failed">{failure.type}</span>
          {failure.code !== undefined && failure.code !== failure.type && <code className="ml-2 text-soft">{failure.code}</code>}
          <span className="block whitespace-pre-wrap text-large">{failure.message}</span>
        </p>
        {copy && <Copy text={textOfFailure(failure)} label="Copy the error" />}
      </div>
      {own.length > 0 && (
        <ol className="flex flex-col font-mono text-small">
          {own.map((frame, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: frames of one stack, which does not change
            <li key={index} className="break-all">
              {frame.name !== null && <span className="font-medium">{frame.name} </span>}
              <span className="text-soft">{frame.place}</span>
            </li>
          ))}
        </ol>
      )}
      {others.length > 0 && (
        <details className="text-small">
          <summary className="cursor-pointer text-soft hover:text-ink">
            {others.length} {others.length === 1 ? 'frame' : 'frames'} of Node.js and libraries
          </summary>
          <ol className="mt-1 flex flex-col font-mono text-soft">
            {others.map((frame, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: frames of one stack, which does not change
              <li key={index} className="break-all">
                {frame.name} {frame.place}
              </li>
            ))}
          </ol>
        </details>
      )}
      {errors.map((error, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a list, which does not change
        <div key={index} className="flex flex-col gap-1 border-l-2 border-line pl-3">
          <p className="text-small text-soft">
            error {index + 1} of {errors.length}
          </p>
          <FailureView failure={error} />
        </div>
      ))}
    </div>
  )
}

function chainOf(failure: Failure): Failure[] {
  return failure.cause === undefined ? [] : [failure.cause, ...chainOf(failure.cause)]
}
