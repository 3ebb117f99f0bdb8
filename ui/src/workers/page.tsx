import { Page } from '../app/page.tsx'
import { EmptyState } from '../parts/states.tsx'

export function WorkersPage() {
  return (
    <Page title="Workers">
      <EmptyState icon="workers" title="This page is not here yet" command="mainspring worker ls">
        The command line tells the same.
      </EmptyState>
    </Page>
  )
}
