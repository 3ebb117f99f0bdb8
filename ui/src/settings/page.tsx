import { Page } from '../app/page.tsx'
import { EmptyState } from '../parts/states.tsx'

export function SettingsPage() {
  return (
    <Page title="Settings">
      <EmptyState icon="settings" title="This page is not here yet" command="mainspring config">
        The command line tells the same.
      </EmptyState>
    </Page>
  )
}
