import { Page } from '../app/page.tsx'
import { EmptyState } from '../parts/states.tsx'

export function DefinitionsPage() {
  return (
    <Page title="Definitions">
      <EmptyState icon="definitions" title="This page is not here yet" command="mainspring definition ls">
        The command line tells the same.
      </EmptyState>
    </Page>
  )
}
