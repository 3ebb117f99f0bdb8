import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { call, client } from '../api/client.ts'
import { LINK } from '../parts/classes.ts'
import { commandText } from '../parts/command.tsx'
import { Panel } from '../parts/panel.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { EmptyState, Skeleton } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'

/** More schedules than a person reads: whoever has more finds the rest in their own list. */
const LOOKED_AT_MAX = 1_000

/** What starts it by the clock. */
export function Schedules({ namespace, definition }: { namespace: string; definition: string }) {
  const schedules = useQuery({
    queryKey: [namespace, 'schedules', 'of', definition],
    queryFn: async ({ signal }) => {
      const query = { limit: LOOKED_AT_MAX }
      const answer = await call(client.GET('/v1/namespaces/{namespace}/schedules', { params: { path: { namespace }, query }, signal }))
      return answer.schedules.filter(({ target }) => target === definition)
    },
    meta: { refreshMs: 5_000 },
  })
  return (
    <Panel title="Schedules that start it" padded={false}>
      {schedules.data === undefined ? (
        <Skeleton lines={3} />
      ) : schedules.data.length === 0 ? (
        <EmptyState small icon="schedules" title="No schedule starts it" command={commandText(namespace, 'schedule', 'ls')}>
          It runs when somebody starts it: from code, from here, or by another run.
        </EmptyState>
      ) : (
        <ul>
          {schedules.data.map(({ name, words, paused, nextAt, lastOutcome }) => (
            <li key={name} className="flex items-center border-b border-line last:border-b-0">
              <Link
                to="/schedules/$name"
                params={{ name }}
                search={{}}
                className="flex min-w-0 grow flex-wrap items-center gap-x-3 px-3 py-1.5 -outline-offset-2 hover:bg-hover"
              >
                <StateBadge state={paused === null ? (lastOutcome?.state ?? 'active') : 'paused'} compact />
                <span className="font-medium">{name}</span>
                <span className="min-w-0 grow truncate text-soft">{words}</span>
                <span className="shrink-0 text-soft">{paused === null ? <Time at={nextAt} /> : 'paused'}</span>
              </Link>
              <Link to="/schedules/$name" params={{ name }} search={{ tab: 'backfill' }} aria-label={`Backfill ${name}`} className={`px-3 ${LINK}`}>
                Backfill
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}
