import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { definitionsQuery, summaryQuery } from '../api/names.ts'
import { useNamespace } from '../api/namespace.ts'
import { Page } from '../app/page.tsx'
import { AsCommand, commandText } from '../parts/command.tsx'
import { StartRunButton } from '../parts/start-run.tsx'
import { ErrorState, Skeleton } from '../parts/states.tsx'
import { Charts } from './charts.tsx'
import { Figures } from './figures.tsx'
import { DueNext, FailingMost, LatestFailures, Paused, Workers } from './lists.tsx'
import { Needs } from './needs.tsx'
import { HOURS_DEFAULT, lastHourQuery } from './queries.ts'
import { Welcome } from './welcome.tsx'

const route = getRouteApi('/')

/** Is anything wrong? What needs a person first, then what goes on; every number is a link to the list behind it. */
export function HomePage() {
  const namespace = useNamespace()
  const { hours = HOURS_DEFAULT, needs } = route.useSearch()
  const summary = useQuery(summaryQuery(namespace))
  const definitions = useQuery(definitionsQuery(namespace))
  const isNew = definitions.data?.definitions.length === 0
  // Nothing tells of a first definition: it is asked for, as long as there is none.
  useQuery({ ...definitionsQuery(namespace), refetchInterval: 2_000, enabled: isNew })
  const lastHour = useQuery({ ...lastHourQuery(namespace), enabled: !isNew })
  const counts = lastHour.data?.counts as Record<string, number> | undefined
  const { data } = summary
  return (
    <Page
      title="Home"
      actions={
        !isNew && (
          <>
            <AsCommand text={commandText(namespace)} />
            <StartRunButton namespace={namespace} />
          </>
        )
      }
    >
      {data === undefined ? (
        summary.isPending ? (
          <Skeleton lines={8} />
        ) : (
          <ErrorState error={summary.error} retry={() => void summary.refetch()} />
        )
      ) : isNew ? (
        <Welcome namespace={namespace} />
      ) : (
        <>
          <Needs namespace={namespace} summary={data} all={needs === 'all'} lastHour={counts} />
          <Figures summary={data} lastHour={counts} />
          <Charts namespace={namespace} hours={hours} />
          <div className="grid grid-cols-2 items-start gap-4 max-lg:grid-cols-1">
            <div className="flex min-w-0 flex-col gap-4">
              <LatestFailures runs={data.failed} />
              <FailingMost namespace={namespace} />
            </div>
            <div className="flex min-w-0 flex-col gap-4">
              <Paused namespace={namespace} pauses={data.pauses} />
              <DueNext namespace={namespace} runs={data.next} />
              <Workers namespace={namespace} />
            </div>
          </div>
        </>
      )}
    </Page>
  )
}
