import type { ReactNode } from 'react'
import { classes } from '../parts/classes.ts'
import { BECAME_WORDS, type Became } from './became.ts'

/** A mark is 8 wide and 14 high. Each has a shape of its own: colour is never the only sign. */
const SHAPES: Record<Became, readonly [tone: string, shape: ReactNode]> = {
  completed: ['text-completed', <rect key="s" x="1.5" y="1" width="5" height="12" rx="1.5" fill="currentColor" />],
  failed: [
    'text-failed',
    <g key="s">
      <rect x="0.5" y="0.5" width="7" height="13" rx="1.5" fill="currentColor" />
      <path d="M2.5 5l3 4M5.5 5l-3 4" stroke="var(--surface)" strokeWidth="1.3" strokeLinecap="round" />
    </g>,
  ],
  late: [
    'text-paused',
    <g key="s">
      <rect x="1.5" y="6" width="5" height="7" rx="1.5" fill="currentColor" />
      <path d="M4 0.5v3M2.2 2.4L4 4.2l1.8-1.8" stroke="currentColor" strokeWidth="1.2" fill="none" strokeLinecap="round" />
    </g>,
  ],
  missed: [
    'text-failed',
    <g key="s">
      <rect x="1.1" y="1.1" width="5.8" height="11.8" rx="1.5" fill="none" stroke="currentColor" strokeWidth="1.2" strokeDasharray="2 1.4" />
      <path d="M4 4v3.6M4 10v.1" stroke="currentColor" strokeWidth="1.4" strokeLinecap="round" />
    </g>,
  ],
  refused: [
    'text-failed',
    <g key="s">
      <rect x="1.1" y="1.1" width="5.8" height="11.8" rx="1.5" fill="none" stroke="currentColor" strokeWidth="1.2" />
      <path d="M2 11.5L6 2.5" stroke="currentColor" strokeWidth="1.2" />
    </g>,
  ],
  skipped: ['text-cancelled', <path key="s" d="M1.5 7h5" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />],
  running: [
    'text-running',
    <g key="s">
      <rect x="1.6" y="1.1" width="4.8" height="11.8" rx="1.5" fill="none" stroke="currentColor" strokeWidth="1.2" />
      <rect x="1.6" y="7" width="4.8" height="6" rx="1.2" fill="currentColor" />
    </g>,
  ],
  waiting: [
    'text-queued',
    <g key="s">
      <rect x="1.6" y="1.1" width="4.8" height="11.8" rx="1.5" fill="none" stroke="currentColor" strokeWidth="1.2" />
      <circle cx="4" cy="7" r="1.2" fill="currentColor" />
    </g>,
  ],
  cancelled: [
    'text-cancelled',
    <g key="s">
      <rect x="1.5" y="1" width="5" height="12" rx="1.5" fill="currentColor" />
      <path d="M2.4 7h3.2" stroke="var(--surface)" strokeWidth="1.4" />
    </g>,
  ],
  paused: ['text-paused', <path key="s" d="M2.6 3.5v7M5.4 3.5v7" stroke="currentColor" strokeWidth="1.4" strokeLinecap="round" />],
  held: ['text-cancelled', <circle key="s" cx="4" cy="7" r="1.6" fill="none" stroke="currentColor" strokeWidth="1.2" />],
  coming: ['text-soft', <rect key="s" x="2" y="2.5" width="4" height="9" rx="2" fill="none" stroke="currentColor" strokeWidth="1.1" />],
}

export function Mark({ became, className }: { became: Became; className?: string }) {
  const [tone, shape] = SHAPES[became]
  return (
    <svg viewBox="0 0 8 14" width="8" height="14" aria-hidden="true" className={classes('shrink-0', tone, className)}>
      {shape}
    </svg>
  )
}

export const markTone = (became: Became): string => SHAPES[became][0]

/** A mark with its word: the badge of a time's account. */
export function BecameBadge({ became, word }: { became: Became; word?: string }) {
  return (
    <span className={classes('inline-flex items-center gap-1.5 whitespace-nowrap font-medium', SHAPES[became][0])}>
      <Mark became={became} />
      {word ?? BECAME_WORDS[became]}
    </span>
  )
}

const LEGEND: readonly Became[] = ['completed', 'failed', 'late', 'running', 'skipped', 'missed', 'refused', 'held', 'paused', 'coming']

/** What the marks mean; on a phone behind a word. */
export function Legend() {
  const marks = LEGEND.map(became => (
    <li key={became} className="flex items-center gap-1.5">
      <Mark became={became} /> {BECAME_WORDS[became]}
    </li>
  ))
  return (
    <div className="text-small text-soft">
      <ul aria-label="What the marks mean" className="flex flex-wrap gap-x-4 gap-y-1 max-sm:hidden">
        {marks}
      </ul>
      <details className="sm:hidden">
        <summary>What the marks mean</summary>
        <ul className="flex flex-wrap gap-x-4 gap-y-1 pt-1">{marks}</ul>
      </details>
    </div>
  )
}
