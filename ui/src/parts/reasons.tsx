import type { Reason } from '../api/client.ts'
import { Command } from './command.tsx'
import { Time } from './time.tsx'

/** Explain's list: all that keeps a run from running, or what ended it, each with the way out. */
export function Reasons({ reasons }: { reasons: readonly Reason[] }) {
  return (
    <ul className="flex flex-col gap-3">
      {reasons.map(reason => (
        <li key={`${reason.code} ${reason.text}`} className="flex flex-col items-start gap-1.5 border-l-2 border-edge pl-3">
          <p>
            {reason.text} <code className="text-soft">{reason.code}</code>
          </p>
          {reason.until !== undefined && (
            <p className="text-soft">
              until <Time at={reason.until} as="absolute" />, <Time at={reason.until} />
            </p>
          )}
          {reason.command !== undefined && <Command text={reason.command} />}
        </li>
      ))}
    </ul>
  )
}
