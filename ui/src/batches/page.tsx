import { Page } from '../app/page.tsx'
import { EmptyState } from '../parts/states.tsx'

export function BatchesPage() {
  return (
    <Page title="Batches">
      <EmptyState icon="batches" title="This page is not here yet" command="mainspring batch ls">
        The command line tells the same.
      </EmptyState>
    </Page>
  )
}
