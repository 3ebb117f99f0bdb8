import { useQuery } from '@tanstack/react-query'
import { type Share, sharesQuery } from '../api/work.ts'
import { countText } from '../format/number.ts'
import { counted } from '../format/word.ts'
import { Count } from './count.tsx'
import { Meter } from './meter.tsx'
import { Panel } from './panel.tsx'
import { Rows } from './rows.tsx'
import { stateColor } from './state-badge.tsx'
import { EmptyState, ErrorState, Skeleton } from './states.tsx'
import type { Column } from './table-columns.tsx'

export interface SharesProps {
  namespace: string
  queue: string
  title: string
}

/** How the keys of a queue share it now: whose turn it is, what waits and runs of each, who was served last. */
export function Shares({ namespace, queue, title }: SharesProps) {
  const { data, error, isPending, refetch } = useQuery(sharesQuery(namespace, queue))
  if (data === undefined)
    return (
      <Panel title={title} padded={false}>
        {isPending ? <Skeleton lines={3} /> : <ErrorState error={error} retry={() => void refetch()} />}
      </Panel>
    )
  const { shares, keys, inTurn, recent, unread } = data
  const columns: readonly Column<Share>[] = [
    {
      id: 'key',
      header: 'Key',
      cell: ({ key, weight }) => (
        <span className="break-all">
          {key === null ? (
            <span className="text-soft">all without a rule</span>
          ) : key === '' ? (
            <span className="text-soft">(none)</span>
          ) : (
            <code>{key}</code>
          )}
          {weight !== 1 && <span className="numeric text-soft"> ×{weight}</span>}
        </span>
      ),
    },
    { id: 'turn', header: 'Turn', cell: share => <Turn share={share} of={inTurn} /> },
    {
      id: 'ready',
      header: 'Waiting',
      align: 'end',
      cell: ({ ready, more }) => (
        <span className={ready === 0 && !more ? 'text-soft' : 'font-medium'}>
          <Count of={ready} />
          {more && (
            <span title="so many are in memory; the store has further ones">
              +<span className="hidden-text"> or more</span>
            </span>
          )}
        </span>
      ),
    },
    { id: 'running', header: 'Running', align: 'end', cell: ({ running }) => <Count of={running} /> },
    ...(recent === 0
      ? []
      : [
          {
            id: 'served',
            header: `Of the last ${countText(recent)} handed out`,
            width: '30%',
            priority: 2 as const,
            cell: ({ key, handedOut }: Share) => (
              <span className="flex items-center gap-2">
                <Meter label={`Handed out to ${key ?? 'all without a rule'}`} used={handedOut} of={recent} color={stateColor('running')} bare />
                <Count of={handedOut} />
              </span>
            ),
          },
        ]),
  ]
  return (
    <Panel title={title} padded={false} aside={keys > 0 && <span>{counted(keys, 'key')} in use</span>}>
      <Rows
        label={title}
        columns={columns}
        rows={shares}
        rowKey={({ key }) => `=${key ?? '\0'}`}
        empty={
          <EmptyState small icon="ring" title="Nothing waits or runs">
            Each key takes its turn from the moment that something of it waits: turns are not saved up.
          </EmptyState>
        }
      />
      {keys > shares.length && (
        <p className="border-t border-line px-3 py-2 text-soft">
          The {countText(shares.length)} whose turn comes first, of {counted(keys, 'key')}.
        </p>
      )}
      {unread > 0 && (
        <p className="border-t border-line px-3 py-2 text-soft">
          Of {counted(unread, 'group')} of waiting runs nothing has been read yet since the server started.
        </p>
      )}
    </Panel>
  )
}

/** In the words of `explain`. */
function Turn({ share: { before, held, ready, more }, of }: { share: Share; of: number }) {
  if (before === 0) return <span className="font-medium">next</span>
  if (before !== null)
    return (
      <span className="whitespace-nowrap">
        <span className="numeric">{countText(before)}</span> of {countText(of)} <span className="@max-[560px]:hidden">go </span>before
        <span className="@max-[560px]:hidden"> it</span>
      </span>
    )
  if (held > 0)
    return (
      <span className="text-paused" title="what waits of it waits for a limit of its key, for its sequence, or for a batch to fill">
        held back
      </span>
    )
  return <span className="text-soft">{ready > 0 || more ? 'being read' : 'nothing waits'}</span>
}
