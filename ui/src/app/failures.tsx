import { Link } from '@tanstack/react-router'
import { EmptyState, ErrorState } from '../parts/states.tsx'
import { Page } from './page.tsx'

export function NotFound() {
  return (
    <Page title="No such page">
      <EmptyState icon="search" title="There is no page at this address">
        <Link to="/" className="underline">
          Home
        </Link>{' '}
        says what is going on now.
      </EmptyState>
    </Page>
  )
}

/** A page threw, or its code could not be loaded: after an update its old parts are gone. */
export function PageFailure({ error }: { error: unknown }) {
  return (
    <Page title="This page failed">
      <ErrorState error={error} retry={() => location.reload()} />
    </Page>
  )
}
