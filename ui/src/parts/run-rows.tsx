import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Run } from '../api/client.ts'
import { RunId } from './copy.tsx'
import { StateBadge } from './state-badge.tsx'
import { Time } from './time.tsx'

/** A run by its id, as a link. */
export function RunLink({ run }: { run: string }) {
  return (
    <Link to="/runs/$run" params={{ run }} search={{}} preload="intent" className="hover:underline">
      <RunId id={run} />
    </Link>
  )
}

export interface RunRowsProps {
  runs: readonly Run[]
  /** Which time stands at the right. */
  time(run: Run): string | null
  /** Without it where all are of one definition. */
  hasDefinition?: boolean
  /** What is said of each; default: what went wrong, else its reason. */
  says?(run: Run): ReactNode
}

/** A few runs, one a line. */
export function RunRows({ runs, time, hasDefinition = true, says }: RunRowsProps) {
  return (
    <ul>
      {runs.map(run => (
        <li key={run.id} className="border-b border-line last:border-b-0">
          <Link
            to="/runs/$run"
            params={{ run: run.id }}
            search={{}}
            preload="intent"
            className="flex items-center gap-3 px-3 py-1.5 -outline-offset-2 hover:bg-hover"
          >
            <StateBadge state={run.state} compact />
            <RunId id={run.id} />
            {hasDefinition && <span className="shrink-0 font-medium">{run.definition}</span>}
            <span className="min-w-0 grow truncate text-soft">
              {says ? says(run) : (run.failure?.message ?? run.progress?.message ?? run.reason)}
            </span>
            <span className="shrink-0 text-soft">
              <Time at={time(run)} />
            </span>
          </Link>
        </li>
      ))}
    </ul>
  )
}
