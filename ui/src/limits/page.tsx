import { Page } from '../app/page.tsx'
import { EmptyState } from '../parts/states.tsx'

export function LimitsPage() {
  return (
    <Page title="Limits">
      <EmptyState icon="limits" title="This page is not here yet" command="mainspring limits ls">
        The command line tells the same.
      </EmptyState>
    </Page>
  )
}
