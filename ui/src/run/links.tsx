import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { shortId } from '../format/id.ts'

export const LINK = 'underline decoration-line underline-offset-3 hover:decoration-current'

const PLACES = {
  queue: '/queues',
  limit: '/limits',
  rate: '/limits',
  definition: '/definitions',
  schedule: '/schedules',
  batch: '/batches',
  worker: '/workers',
} as const
export type PlaceNoun = keyof typeof PLACES

/** A queue, limit, definition … by its name: each has a page of its own below its list. */
export function PlaceLink({ noun, name, children }: { noun: PlaceNoun; name: string; children?: ReactNode }) {
  return (
    // The pages' own addresses are typed where they are; here one is built of a word.
    <Link to={`${PLACES[noun]}/${encodeURIComponent(name)}` as '/queues'} search={{}} className={LINK}>
      {children ?? name}
    </Link>
  )
}

/** A run by its short id. */
export function RunLink({ id, children }: { id: string; children?: ReactNode }) {
  return (
    <Link to="/runs/$run" params={{ run: id }} search={{}} preload="intent" className={`font-mono text-small ${LINK}`}>
      {children ?? shortId(id)}
    </Link>
  )
}
