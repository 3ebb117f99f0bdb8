import { Link } from '@tanstack/react-router'
import { countText } from '../format/number.ts'
import { Button } from '../parts/button.tsx'
import { commandText } from '../parts/command.tsx'
import { EmptyState } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { hasTime, type RunsSearch, withoutTime } from './search.ts'

interface EndProps {
  search: RunsSearch
  /** Reads on; null: there is no more. */
  next: (() => void) | null
  /** How far back the last look went, where it was bounded. */
  through: string | null
}

const LINK = 'underline decoration-line underline-offset-3 hover:decoration-current'

/** The list's last line: whether these are all. */
export function Foot({ shown, search, next, through }: EndProps & { shown: number }) {
  if (next !== null)
    return through === null ? null : (
      <span className="flex flex-wrap items-center gap-3">
        <span>
          Looked back to <Time at={through} as="short" />: {countText(shown)} so far.
        </span>
        <Button onClick={next}>Look further</Button>
      </span>
    )
  return (
    <span>
      {shown === 1 ? 'This is the only one' : `These are all ${countText(shown)}`}
      {hasTime(search) ? (
        <>
          {' '}
          of that time.{' '}
          <Link to="/runs" search={withoutTime(search)} className={LINK}>
            Look at all times
          </Link>
        </>
      ) : (
        '.'
      )}
    </span>
  )
}

interface NoRunsProps extends EndProps {
  namespace: string
  looking: boolean
  /** There are definitions already. */
  defined: boolean
}

/** In the place of rows, when there are none: why, and what to do. */
export function NoRuns({ namespace, search, next, through, looking, defined }: NoRunsProps) {
  if (next !== null)
    return (
      <EmptyState icon="search" title={looking ? 'Looking further …' : 'None so far'}>
        <span className="flex flex-col items-center gap-3">
          {through !== null && (
            <span>
              Looked back to <Time at={through} as="absolute" />. What this filter asks for no index knows, so it is looked for piece by piece.
            </span>
          )}
          <Button disabled={looking} onClick={next}>
            Look further
          </Button>
        </span>
      </EmptyState>
    )
  if (Object.keys(search).length > 0)
    return (
      <EmptyState icon="search" title="No run fits this filter">
        Take a chip away,{' '}
        {hasTime(search) && (
          <>
            <Link to="/runs" search={withoutTime(search)} className={LINK}>
              look at all times
            </Link>
            ,{' '}
          </>
        )}
        or{' '}
        <Link to="/runs" search={{}} className={LINK}>
          look at all runs
        </Link>
        .
      </EmptyState>
    )
  return defined ? (
    <EmptyState icon="runs" title="No run yet" command={commandText(namespace, 'start', 'NAME', '{}')}>
      Start one with the button above, from your code, from a schedule, or by hand:
    </EmptyState>
  ) : (
    <EmptyState icon="runs" title="No run yet, and nothing that could run" command="npx mainspring dev">
      A run is one execution of a job that a worker has registered. This makes a first one, and runs it:
    </EmptyState>
  )
}
