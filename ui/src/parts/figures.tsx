import { Link, type LinkProps } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { classes } from './classes.ts'

/** The numbers of a page, side by side. */
export function Figures({ children }: { children: ReactNode }) {
  return (
    <div className="overflow-hidden rounded border border-line bg-surface">
      {/* Each has its line at the right and below; those at the edges lie outside of the frame. */}
      <ul className="-mb-px -mr-px grid grid-cols-[repeat(auto-fit,minmax(132px,1fr))]">{children}</ul>
    </div>
  )
}

export interface FigureProps {
  label: ReactNode
  value: ReactNode
  /** Below it, softer. */
  note?: ReactNode
  /** What it counts. */
  link?: LinkProps
  /** It should not be so: `warn` may become a trouble, `bad` is one. The words say it too. */
  tone?: 'warn' | 'bad' | undefined
}

export function Figure({ label, value, note, link, tone }: FigureProps) {
  const content = (
    <>
      <span className="block text-small text-soft">{label}</span>
      <span className={classes('block text-figure font-semibold', tone === 'warn' && 'text-paused', tone === 'bad' && 'text-failed')}>{value}</span>
      {note !== undefined && <span className="block truncate text-small text-soft">{note}</span>}
    </>
  )
  return (
    <li className="flex min-w-0 border-r border-b border-line">
      {link === undefined ? (
        <span className="min-w-0 grow px-3 py-2">{content}</span>
      ) : (
        <Link {...link} preload="intent" className="min-w-0 grow px-3 py-2 -outline-offset-2 hover:bg-hover">
          {content}
        </Link>
      )}
    </li>
  )
}
