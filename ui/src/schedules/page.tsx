import { Page } from '../app/page.tsx'
import { EmptyState } from '../parts/states.tsx'

export function SchedulesPage() {
  return (
    <Page title="Schedules">
      <EmptyState icon="schedules" title="This page is not here yet" command="mainspring schedule ls">
        The command line tells the same.
      </EmptyState>
    </Page>
  )
}
