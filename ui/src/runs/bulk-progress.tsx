import { useQuery } from '@tanstack/react-query'
import { shortId } from '../format/id.ts'
import { countText } from '../format/number.ts'
import { StateBadge } from '../parts/state-badge.tsx'
import { ErrorState, Skeleton } from '../parts/states.tsx'
import { batchProgressQuery } from './bulk.ts'

/** How far an operation has come. It is a batch, so it goes on without this page. */
export function BulkProgress({ namespace, batch }: { namespace: string; batch: string }) {
  const { data, isPending, error, refetch } = useQuery(batchProgressQuery(namespace, batch))
  if (isPending) return <Skeleton lines={2} />
  if (data?.bulk == null) return <ErrorState error={error} retry={() => void refetch()} />
  const { matched, done, skipped, refused, refusals } = data.bulk
  const through = done + skipped + refused
  const whole = Math.max(matched, through, 1)
  return (
    <div className="flex flex-col gap-3">
      <div
        role="progressbar"
        aria-label="How far it has come"
        aria-valuemin={0}
        aria-valuemax={whole}
        aria-valuenow={through}
        className="flex h-2 overflow-hidden rounded-full bg-hover"
      >
        <span className="bg-completed" style={{ width: `${(done / whole) * 100}%` }} />
        <span className="bg-edge" style={{ width: `${(skipped / whole) * 100}%` }} />
        <span className="bg-failed" style={{ width: `${(refused / whole) * 100}%` }} />
      </div>
      <p role="status" className="numeric flex flex-wrap items-center gap-x-4 gap-y-1">
        <StateBadge state={data.state} />
        <span>
          {countText(done)} of {countText(matched)} done
        </span>
        {skipped > 0 && <span className="text-soft">{countText(skipped)} no longer matched</span>}
        {refused > 0 && <span className="text-failed">{countText(refused)} refused</span>}
      </p>
      {refusals.length > 0 && (
        <ul className="text-soft">
          {refusals.slice(0, 3).map(({ run, code }) => (
            <li key={run}>
              <code>{shortId(run)}</code> {code}
            </li>
          ))}
        </ul>
      )}
      {data.closedAt === null && <p className="text-soft">It is a batch of its own, and goes on when you close this, or this page.</p>}
    </div>
  )
}
