import { Link } from '@tanstack/react-router'
import { problemOf } from '../api/problem.ts'
import { Page } from '../app/page.tsx'
import { shortId } from '../format/id.ts'
import { Command, commandText } from '../parts/command.tsx'
import { ErrorState, ProblemText } from '../parts/states.tsx'
import { LINK, RunLink } from './links.tsx'

/** No run, or several, end like this: what that may mean, and where to look. */
export function MissingRun({ namespace, ending, error, retry }: { namespace: string; ending: string; error: unknown; retry(): void }) {
  const problem = problemOf(error)
  const runs = (problem.data?.runs ?? []) as string[]
  if (problem.status !== 404 && problem.status !== 409)
    return (
      <Page title={`Run ${shortId(ending)}`}>
        <ErrorState error={error} retry={retry} />
      </Page>
    )
  return (
    <Page title={`Run ${shortId(ending)}`}>
      <div className="flex max-w-[72ch] flex-col gap-4">
        <ProblemText problem={problem} />
        {runs.length > 0 ? (
          <>
            <p>One of these may be meant:</p>
            <ul className="flex flex-col gap-1">
              {runs.map(id => (
                <li key={id}>
                  <RunLink id={id}>{id}</RunLink>
                </li>
              ))}
            </ul>
          </>
        ) : (
          <>
            <p>Nothing in the namespace “{namespace}” has an id that ends in this. Three things may be behind it:</p>
            <ul className="flex list-disc flex-col gap-2 pl-5">
              <li>
                <span className="font-medium">It was purged.</span> Closed runs are kept as long as their retention says, then all of them is deleted:
                history, logs, input and output. What started since is in the{' '}
                <Link to="/runs" search={{}} className={LINK}>
                  list of runs
                </Link>
                .
              </li>
              <li>
                <span className="font-medium">It is of another namespace.</span> The address says which: <code>?namespace=NAME</code>; the name at the
                top left switches.
              </li>
              <li>
                <span className="font-medium">The id is not whole.</span> Any ending of an id will do, as long as it is the ending.
              </li>
            </ul>
            <div>
              <Command text={commandText(namespace, 'list', '--limit', '50')} />
            </div>
          </>
        )}
      </div>
    </Page>
  )
}
