import { useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { definitionsQuery } from '../api/names.ts'
import { useNamespace } from '../api/namespace.ts'
import { Page } from '../app/page.tsx'
import { Chips } from '../parts/chips.tsx'
import { AsCommand } from '../parts/command.tsx'
import { StartRunButton } from '../parts/start-run.tsx'
import { listCommand } from './command.ts'
import { useCounts } from './counts.ts'
import { chipsOf, meant, runFields, searchOf } from './fields.ts'
import { RunList } from './list.tsx'
import { Overview } from './overview.tsx'

const route = getRouteApi('/runs')

/** Runs of all kinds, newest first and live; the filter is the address. */
export function RunsPage() {
  const namespace = useNamespace()
  const { namespace: _, ...search } = route.useSearch()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const counts = useCounts(namespace, search)
  const definitions = useQuery(definitionsQuery(namespace))
  const names = definitions.data?.definitions.map(({ name }) => name) ?? []
  return (
    <Page
      title="Runs"
      fills
      actions={
        <>
          <AsCommand text={listCommand(namespace, search)} />
          <StartRunButton namespace={namespace} />
        </>
      }
    >
      <div className="flex flex-col gap-2 px-4 py-3 max-sm:px-3">
        <Chips
          label="Filter runs"
          fields={runFields(queries, namespace, search)}
          chips={chipsOf(search)}
          onChange={chips => void navigate({ to: '/runs', search: searchOf(chips) })}
          meant={typed => meant(typed, names)}
          placeholder="Filter: state, definition, error, last 1h …"
        />
        <Overview namespace={namespace} search={search} counts={counts} />
      </div>
      <RunList namespace={namespace} search={search} counts={counts} defined={names.length > 0} />
    </Page>
  )
}
