import { Link } from '@tanstack/react-router'
import type { Limit } from '../api/work.ts'
import { SetBy } from '../parts/set-by.tsx'
import { sizeText } from './words.ts'

/** What a limit is on, as a link. */
export function On({ on }: { on: Limit['on'] }) {
  if (on === 'pool') return <span>pool</span>
  if (on === 'namespace') return <span>the whole namespace</span>
  if ('queue' in on)
    return (
      <span className="whitespace-nowrap">
        <span className="text-soft">queue</span>{' '}
        <Link to="/queues/$name" params={{ name: on.queue }} search={{}} className="hover:underline">
          {on.queue}
        </Link>
      </span>
    )
  return (
    <span className="whitespace-nowrap">
      <span className="text-soft">definition</span>{' '}
      <Link to="/definitions/$name" params={{ name: on.definition }} search={{}} className="hover:underline">
        {on.definition}
      </Link>
    </span>
  )
}

/** Whose word it is: that of the code, or of an operator over it. */
export function From({ limit: { set, declared } }: { limit: Pick<Limit, 'set' | 'declared'> }) {
  return (
    <span className="flex min-w-0 items-center gap-x-2">
      <SetBy set={set} />
      {declared !== null && <span className="truncate text-soft">code: {sizeText(declared)}</span>}
    </span>
  )
}
