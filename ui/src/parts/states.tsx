import type { ReactNode } from 'react'
import { type Problem, problemOf } from '../api/problem.ts'
import { Button } from './button.tsx'
import { Command } from './command.tsx'
import { Icon, type IconName } from './icons.tsx'

export interface EmptyStateProps {
  icon?: IconName
  title: string
  children?: ReactNode
  command?: string
  /** Within a panel among others: a few lines, not half a page. */
  small?: boolean
}

/** Nothing is here: why, and the next step as a command. */
export function EmptyState({ icon = 'ring', title, children, command, small = false }: EmptyStateProps) {
  if (small)
    return (
      <div className="flex flex-col items-start gap-2 px-3 py-3">
        <p className="flex items-center gap-2">
          <Icon name={icon} size={14} className="text-soft" /> {title}
        </p>
        {children && <div className="max-w-[72ch] text-soft">{children}</div>}
        {command !== undefined && <Command text={command} />}
      </div>
    )
  return (
    <div className="flex flex-col items-center gap-3 px-4 py-12 text-center">
      <Icon name={icon} size={20} className="text-soft" />
      <p className="text-large font-medium">{title}</p>
      {children && <div className="max-w-[56ch] text-soft">{children}</div>}
      {command !== undefined && <Command text={command} />}
    </div>
  )
}

/** What was refused: what, where, what to do; and once more, where that may help. */
export function ErrorState({ error, retry }: { error: unknown; retry?: () => void }) {
  return (
    <div className="flex flex-col items-center gap-3 px-4 py-12">
      <ProblemText problem={problemOf(error)} />
      {retry && (
        <Button icon="retry" onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  )
}

/** A problem in place: beside the field or button that asked for it. */
export function ProblemText({ problem }: { problem: Problem }) {
  const { code, title, at, found, hint } = problem
  return (
    <div role="alert" className="flex max-w-[72ch] gap-2 text-left">
      <Icon name="warning" className="mt-0.5 text-failed" />
      <div className="min-w-0">
        <p>
          {title} <code className="text-soft">{code}</code>
        </p>
        {at !== undefined && (
          <p className="text-soft">
            at <code>{at}</code>
            {found !== undefined && (
              <>
                {' '}
                found <code className="break-all">{JSON.stringify(found)}</code>
              </>
            )}
          </p>
        )}
        {hint !== undefined && <p className="text-soft">{hint}</p>}
      </div>
    </div>
  )
}

/** Lines in the place of what is on its way. Said once, for those who cannot see it. */
export function Skeleton({ lines = 6, label = 'Loading' }: { lines?: number; label?: string }) {
  return (
    <div role="status" data-loading className="flex flex-col gap-3 p-4">
      <span className="hidden-text">{label}</span>
      {Array.from({ length: lines }, (_, line) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines without identity
        <span key={line} className="pulse h-3 rounded-small bg-hover" style={{ width: `${60 + ((line * 37) % 40)}%` }} />
      ))}
    </div>
  )
}
