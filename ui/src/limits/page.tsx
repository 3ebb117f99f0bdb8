import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useNamespace } from '../api/namespace.ts'
import { type Limit, limitsQuery } from '../api/work.ts'
import { Page } from '../app/page.tsx'
import { present } from '../app/search.ts'
import { Button } from '../parts/button.tsx'
import { AsCommand, commandText } from '../parts/command.tsx'
import { useCommand } from '../parts/commands.ts'
import { DataTable } from '../parts/data-table.tsx'
import { FilterBox, fits } from '../parts/filter-box.tsx'
import { EmptyState, ErrorState, Skeleton } from '../parts/states.tsx'
import { Views } from '../parts/views.tsx'
import { limitColumns } from './columns.tsx'
import { NewLimit } from './new-limit.tsx'
import type { LimitsShown } from './route.ts'
import { Stopped } from './stopped.tsx'

const route = getRouteApi('/limits')

/** How many at once and how many in a window: what is used of each, and who waits. */
export function LimitsPage() {
  const namespace = useNamespace()
  const search = route.useSearch()
  const { find, show = 'all' } = search
  const navigate = useNavigate()
  const [making, setMaking] = useState(false)
  const limits = useQuery(limitsQuery(namespace))
  const all = limits.data?.limits ?? []
  const shown = { all, waiting: all.filter(({ waiting }) => waiting > 0), operator: all.filter(({ from }) => from === 'operator') }
  const rows = shown[show].filter(limit => fits(find, limit.name, limit.per, onText(limit.on)))
  const look = (next: { find?: string | undefined; show?: LimitsShown | undefined }): void =>
    void navigate({ to: '/limits', search: present({ ...search, ...next }), replace: next.find !== undefined })
  useCommand({ label: 'New limit', group: 'This page', keys: 'n', run: () => setMaking(true) })
  return (
    <Page
      title="Limits"
      fills
      actions={
        <>
          <Button icon="plus" keys="n" onClick={() => setMaking(true)}>
            New limit
          </Button>
          <AsCommand text={commandText(namespace, 'limits', 'ls')} />
        </>
      }
    >
      <div className="flex flex-wrap items-center gap-2 px-4 py-3 max-sm:px-3">
        <FilterBox
          label="Filter limits"
          placeholder="Filter by name, key or what it is on"
          value={find ?? ''}
          onChange={text => look({ find: text || undefined })}
        />
        <Views
          label="Which limits"
          value={show}
          onChange={next => look({ show: next === 'all' ? undefined : next })}
          views={[
            { value: 'all', label: 'All', count: all.length },
            { value: 'waiting', label: 'Waited for', count: shown.waiting.length },
            { value: 'operator', label: 'Set by operators', count: shown.operator.length },
          ]}
        />
      </div>
      <Stopped namespace={namespace} />
      {limits.isPending ? (
        <Skeleton lines={8} />
      ) : limits.data === undefined ? (
        <ErrorState error={limits.error} retry={() => void limits.refetch()} />
      ) : (
        <DataTable
          label="Limits"
          rows={rows}
          columns={limitColumns}
          rowKey={limit => limit.name}
          onOpen={({ name }) => void navigate({ to: '/limits/$name', params: { name }, search: {} })}
          empty={
            all.length === 0 ? (
              <EmptyState
                icon="limits"
                title="No limit yet"
                command={commandText(namespace, 'limits', 'set', 'heavy', '--queue', 'default', '--concurrency', '5')}
              >
                In code a definition says <code>limits: [{`{ per: 'user', concurrency: 2 }`}]</code>; an operator sets one on a queue, a definition, a
                pool or everything:
              </EmptyState>
            ) : show === 'waiting' && find === undefined ? (
              <EmptyState icon="completed" title="Nobody waits for a limit" />
            ) : (
              <EmptyState icon="search" title="No limit fits" command={commandText(namespace, 'limits', 'ls')} />
            )
          }
        />
      )}
      <NewLimit namespace={namespace} open={making} onClose={() => setMaking(false)} />
    </Page>
  )
}

function onText(on: Limit['on']): string {
  return typeof on === 'string' ? on : 'queue' in on ? `queue ${on.queue}` : `definition ${on.definition}`
}
