import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useNamespace } from '../api/namespace.ts'
import { type Batch, batchQuery } from '../api/work.ts'
import { Page } from '../app/page.tsx'
import { shortId } from '../format/id.ts'
import { LINK } from '../parts/classes.ts'
import { Copy } from '../parts/copy.tsx'
import { Crumbs } from '../parts/crumbs.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { ErrorState, Skeleton } from '../parts/states.tsx'
import { Duration, Time } from '../parts/time.tsx'
import { BatchActions } from './actions.tsx'
import { BackfillBatch } from './backfill.tsx'
import { BulkBatch } from './bulk.tsx'
import { Progress } from './columns.tsx'
import { JobsBatch } from './jobs.tsx'

const route = getRouteApi('/batches/$batch')

/** One batch: how far it is, what failed in it, and what it sets off. The address takes any ending of its id. */
export function BatchPage() {
  const namespace = useNamespace()
  const { batch: named } = route.useParams()
  const asked = useQuery(batchQuery(namespace, named))
  const batch = asked.data
  return (
    <Page
      title={batch ? `${batch.name} ${shortId(batch.id)}` : `Batch ${named.slice(-5)}`}
      heading={
        <Crumbs to="/batches" list="Batches" name={batch?.name ?? named.slice(-5)}>
          {batch && <StateBadge state={batch.state} reason={batch.reason} />}
        </Crumbs>
      }
      actions={batch && batch.closedAt === null && <BatchActions namespace={namespace} batch={batch} />}
    >
      {asked.isPending ? (
        <Skeleton lines={10} />
      ) : batch === undefined ? (
        <ErrorState error={asked.error} retry={() => void asked.refetch()} />
      ) : (
        <Known namespace={namespace} batch={batch} />
      )}
    </Page>
  )
}

function Known({ namespace, batch }: { namespace: string; batch: Batch }) {
  return (
    <>
      <div className="flex flex-col gap-2">
        <Progress batch={batch} />
        <p className="flex flex-wrap items-center gap-x-4 gap-y-1 text-soft">
          <span className="inline-flex items-center gap-1">
            <code>{shortId(batch.id)}</code>
            <Copy text={batch.id} label="Copy the batch's id" />
          </span>
          <span>
            created <Time at={batch.createdAt} />
          </span>
          <span>
            {batch.closedAt === null ? 'open for' : 'took'} <Duration from={batch.createdAt} to={batch.closedAt} />
          </span>
          {batch.parent !== null && (
            <span>
              within{' '}
              <Link to="/batches/$batch" params={{ batch: batch.parent }} search={{}} className={LINK}>
                {shortId(batch.parent)}
              </Link>
            </span>
          )}
          {Object.entries(batch.tags ?? {}).map(([name, value]) => (
            <Link key={name} to="/runs" search={{ tag: [`${name}:${value}`] }} className={LINK}>
              {name}:{value}
            </Link>
          ))}
        </p>
      </div>
      {batch.jobs !== null &&
        (batch.backfill === null ? (
          <JobsBatch namespace={namespace} batch={batch} jobs={batch.jobs} />
        ) : (
          <BackfillBatch namespace={namespace} batch={batch} jobs={batch.jobs} backfill={batch.backfill} />
        ))}
      {batch.bulk !== null && <BulkBatch bulk={batch.bulk} />}
    </>
  )
}
