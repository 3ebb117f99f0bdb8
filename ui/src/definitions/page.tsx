import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { definitionsQuery } from '../api/names.ts'
import { useNamespace } from '../api/namespace.ts'
import { Page } from '../app/page.tsx'
import { present } from '../app/search.ts'
import { AsCommand, commandText } from '../parts/command.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { FilterBox, fits } from '../parts/filter-box.tsx'
import { StartRunButton } from '../parts/start-run.tsx'
import { EmptyState, ErrorState, Skeleton } from '../parts/states.tsx'
import { Views } from '../parts/views.tsx'
import { definitionColumns, failedOf } from './columns.tsx'
import type { DefinitionsShown } from './route.ts'

const route = getRouteApi('/definitions')

/** What we have deployed, and how it does. */
export function DefinitionsPage() {
  const namespace = useNamespace()
  const search = route.useSearch()
  const { find, show = 'all' } = search
  const navigate = useNavigate()
  // Counts of the last hour change with every run; a pause and a new version are told by none.
  const definitions = useQuery({ ...definitionsQuery(namespace), meta: { refreshMs: 3_000 }, refetchInterval: 10_000 })
  const all = definitions.data?.definitions ?? []
  const shown = {
    all,
    failing: all.filter(definition => failedOf(definition) > 0),
    changed: all.filter(({ override }) => override !== null),
    paused: all.filter(({ paused }) => paused !== null),
  }
  const rows = shown[show].filter(({ name, options, version }) =>
    fits(find, name, options.queue, version, ...Object.entries(options.tags ?? {}).map(pair => pair.join(':'))),
  )
  const look = (next: { find?: string | undefined; show?: DefinitionsShown | undefined }): void =>
    void navigate({ to: '/definitions', search: present({ ...search, ...next }), replace: next.find !== undefined })
  return (
    <Page
      title="Definitions"
      fills
      actions={
        <>
          <StartRunButton namespace={namespace} />
          <AsCommand text={commandText(namespace, 'definition', 'ls')} />
        </>
      }
    >
      <div className="flex flex-wrap items-center gap-2 px-4 py-3 max-sm:px-3">
        <FilterBox
          label="Filter definitions"
          placeholder="Filter by name, queue, tag"
          value={find ?? ''}
          onChange={text => look({ find: text || undefined })}
        />
        <Views
          label="Which definitions"
          value={show}
          onChange={next => look({ show: next === 'all' ? undefined : next })}
          views={[
            { value: 'all', label: 'All', count: all.length },
            { value: 'failing', label: 'Failing', count: shown.failing.length },
            { value: 'changed', label: 'Changed', count: shown.changed.length },
            { value: 'paused', label: 'Paused', count: shown.paused.length },
          ]}
        />
      </div>
      {definitions.isPending ? (
        <Skeleton lines={12} />
      ) : definitions.data === undefined ? (
        <ErrorState error={definitions.error} retry={() => void definitions.refetch()} />
      ) : (
        <DataTable
          label="Definitions"
          rows={rows}
          columns={definitionColumns}
          rowKey={({ name }) => name}
          onOpen={({ name }) => void navigate({ to: '/definitions/$name', params: { name }, search: {} })}
          empty={<Nothing namespace={namespace} isFiltered={all.length > 0} show={show} />}
        />
      )}
    </Page>
  )
}

function Nothing({ namespace, isFiltered, show }: { namespace: string; isFiltered: boolean; show: DefinitionsShown }) {
  if (!isFiltered)
    return (
      <EmptyState icon="definitions" title="Nothing is defined yet" command={commandText(namespace, 'worker', 'jobs.ts')}>
        Write <code>export const hello = job('hello', async input =&gt; …)</code> in jobs.ts. A worker that has it makes it known here:
      </EmptyState>
    )
  if (show === 'failing')
    return (
      <EmptyState icon="completed" title="None is failing">
        No run failed in the last hour.
      </EmptyState>
    )
  return (
    <EmptyState icon="search" title="No definition fits" command={commandText(namespace, 'definition', 'ls')}>
      Take a word away, or look at all of them.
    </EmptyState>
  )
}
