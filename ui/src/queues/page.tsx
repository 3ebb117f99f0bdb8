import { Page } from '../app/page.tsx'
import { EmptyState } from '../parts/states.tsx'

export function QueuesPage() {
  return (
    <Page title="Queues">
      <EmptyState icon="queues" title="This page is not here yet" command="mainspring queue ls">
        The command line tells the same.
      </EmptyState>
    </Page>
  )
}
