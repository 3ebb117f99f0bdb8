import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { definitionsQuery } from '../api/names.ts'
import type { DefinitionRow, LimitDetail } from '../api/work.ts'
import { LINK } from '../parts/classes.ts'
import { Panel } from '../parts/panel.tsx'
import { EmptyState } from '../parts/states.tsx'
import { WaitingRuns } from '../parts/waiting-runs.tsx'

/** Queued runs of what it is on, each with what keeps it, and the definitions that share it. */
export function Waiting({ namespace, limit }: { namespace: string; limit: LimitDetail }) {
  const { on, name } = limit
  const sharing = useQuery(definitionsQuery(namespace)).data?.definitions.filter(definition => names(definition, name)) ?? []
  const where = typeof on === 'string' ? {} : 'queue' in on ? { queue: on.queue } : { definition: on.definition }
  const search = typeof on === 'string' ? {} : 'queue' in on ? { queue: [on.queue] } : { definition: [on.definition] }
  return (
    <>
      <Panel
        title="Waits longest of what it is on"
        padded={false}
        aside={
          <Link to="/runs" search={{ ...search, state: ['queued'] }} className={LINK}>
            all that are queued
          </Link>
        }
      >
        <WaitingRuns
          namespace={namespace}
          where={where}
          empty={
            <EmptyState small icon="completed" title="Nothing waits">
              Whatever became due has been handed to a worker.
            </EmptyState>
          }
        />
      </Panel>
      {sharing.length > 0 && (
        <Panel title="Definitions that name it">
          <ul className="flex flex-wrap gap-x-4 gap-y-1">
            {sharing.map(definition => (
              <li key={definition.name}>
                <Link to="/definitions/$name" params={{ name: definition.name }} search={{ tab: 'options' }} className={LINK}>
                  {definition.name}
                </Link>
              </li>
            ))}
          </ul>
        </Panel>
      )}
    </>
  )
}

function names({ options }: DefinitionRow, limit: string): boolean {
  return (options.limits ?? []).some(rule => rule.name === limit || rule.pool === limit)
}
