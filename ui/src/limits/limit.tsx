import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { useNamespace } from '../api/namespace.ts'
import { type LimitDetail, limitQuery } from '../api/work.ts'
import { Page } from '../app/page.tsx'
import { Button } from '../parts/button.tsx'
import { AsCommand, commandText } from '../parts/command.tsx'
import { useCommand } from '../parts/commands.ts'
import { Crumbs } from '../parts/crumbs.tsx'
import { ErrorState, Skeleton } from '../parts/states.tsx'
import { ChangeLimit } from './change-limit.tsx'
import { LimitFigures } from './figures.tsx'
import { Keys } from './keys.tsx'
import { ResetLimit } from './reset-limit.tsx'
import { Waiting } from './waiting.tsx'
import { sizeFlags, sizeText } from './words.ts'

const route = getRouteApi('/limits/$name')

/** One limit: what is used of it, by whom, who waits, and how to change it. */
export function LimitPage() {
  const namespace = useNamespace()
  const { name } = route.useParams()
  const limit = useQuery(limitQuery(namespace, name))
  return (
    <Page
      title={name}
      heading={
        <Crumbs to="/limits" list="Limits" name={name}>
          {limit.data && <span className="text-soft">{sizeText(limit.data)}</span>}
        </Crumbs>
      }
      actions={limit.data && <Actions namespace={namespace} limit={limit.data} />}
    >
      {limit.isPending ? (
        <Skeleton lines={10} />
      ) : limit.data === undefined ? (
        <ErrorState error={limit.error} retry={() => void limit.refetch()} />
      ) : (
        <>
          <LimitFigures limit={limit.data} />
          <Keys limit={limit.data} />
          <Waiting namespace={namespace} limit={limit.data} />
        </>
      )}
    </Page>
  )
}

function Actions({ namespace, limit }: { namespace: string; limit: LimitDetail }) {
  const [changing, setChanging] = useState(false)
  useCommand({ label: 'Change this limit', group: 'This page', keys: 'e', run: () => setChanging(true) })
  return (
    <>
      {limit.from === 'operator' && <ResetLimit namespace={namespace} limit={limit} />}
      <Button keys="e" onClick={() => setChanging(true)}>
        Change …
      </Button>
      <AsCommand text={commandText(namespace, 'limits', 'set', limit.name, ...sizeFlags(limit))} />
      {changing && <ChangeLimit namespace={namespace} limit={limit} onClose={() => setChanging(false)} />}
    </>
  )
}
