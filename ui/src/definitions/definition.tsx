import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useNamespace } from '../api/namespace.ts'
import { type DefinitionDetail, definitionQuery } from '../api/work.ts'
import { Page } from '../app/page.tsx'
import { Crumbs } from '../parts/crumbs.tsx'
import { PauseActions, PausedNotice } from '../parts/pause.tsx'
import { StartRunButton } from '../parts/start-run.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { ErrorState, Skeleton } from '../parts/states.tsx'
import { Tabs } from '../parts/tabs.tsx'
import { DurationsTab } from './dag/durations.tsx'
import { GraphTab, GridTab } from './dag/tabs.tsx'
import { Input } from './input.tsx'
import { OptionsInForce } from './options.tsx'
import { Overview } from './overview.tsx'
import type { DefinitionTab } from './route.ts'

const route = getRouteApi('/definitions/$name')

/** One definition: how it does, its versions, its options with where each comes from, and the form of its input. */
export function DefinitionPage() {
  const namespace = useNamespace()
  const { name } = route.useParams()
  const definition = useQuery(definitionQuery(namespace, name))
  const { data } = definition
  return (
    <Page
      title={name}
      heading={
        <Crumbs to="/definitions" list="Definitions" name={name}>
          {data?.paused && <StateBadge state="paused" />}
          {data?.override && <StateBadge state="operator" reason="changed" />}
        </Crumbs>
      }
      actions={
        data && (
          <>
            <StartRunButton namespace={namespace} definition={name} main />
            <PauseActions namespace={namespace} noun="definition" name={name} paused={data.paused} />
          </>
        )
      }
    >
      {definition.isPending ? (
        <Skeleton lines={12} />
      ) : data === undefined ? (
        <ErrorState error={definition.error} retry={() => void definition.refetch()} />
      ) : (
        <Known namespace={namespace} definition={data} />
      )}
    </Page>
  )
}

const OF_DAGS: readonly DefinitionTab[] = ['grid', 'graph', 'durations']

function Known({ namespace, definition }: { namespace: string; definition: DefinitionDetail }) {
  const { tab: asked = 'overview' } = route.useSearch()
  const navigate = useNavigate()
  const { name, paused, override, recent } = definition
  const isDag = definition.kind === 'dag'
  const tab = !isDag && OF_DAGS.includes(asked) ? 'overview' : asked
  const changed = Object.keys(override ?? {}).length
  const show = (next: string): void =>
    void navigate({ to: '/definitions/$name', params: { name }, search: next === 'overview' ? {} : { tab: next as DefinitionTab } })
  return (
    <>
      {paused !== null && <PausedNotice paused={paused} waiting={recent.counts.queued ?? 0} />}
      <Tabs
        label={`Parts of ${name}`}
        value={tab}
        onChange={show}
        tabs={[
          { value: 'overview', label: 'Overview', content: <Overview namespace={namespace} definition={definition} /> },
          ...(isDag
            ? [
                { value: 'grid', label: 'Grid', content: <GridTab namespace={namespace} definition={definition} /> },
                { value: 'graph', label: 'Graph', content: <GraphTab namespace={namespace} definition={definition} /> },
                { value: 'durations', label: 'Durations', content: <DurationsTab namespace={namespace} definition={definition} /> },
              ]
            : []),
          {
            value: 'options',
            label: <>Options {changed > 0 && <span className="text-small text-soft">{changed} changed</span>}</>,
            content: <OptionsInForce namespace={namespace} definition={definition} />,
          },
          { value: 'input', label: 'Input', content: <Input namespace={namespace} definition={definition} /> },
        ]}
      />
    </>
  )
}
