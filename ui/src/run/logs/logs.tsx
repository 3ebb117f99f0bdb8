import { useDeferredValue, useEffect, useMemo, useRef, useState } from 'react'
import type { HistoryEvent, RunDetail } from '../../api/client.ts'
import { isClosed } from '../../api/runs.ts'
import { shortId } from '../../format/id.ts'
import { commandText } from '../../parts/command.tsx'
import { useCommand } from '../../parts/commands.ts'
import { EmptyState, ProblemText, Skeleton } from '../../parts/states.tsx'
import type { RunSearch } from '../search.ts'
import { Lines, type LinesHandle } from './lines.tsx'
import { hitsOf, lineAddress, rowsOf } from './rows.ts'
import { LogStream, useLog } from './store.ts'
import { LogToolbar } from './toolbar.tsx'

export interface LogsProps {
  namespace: string
  run: RunDetail
  events: readonly HistoryEvent[]
  search: RunSearch
  onSearch(change: Partial<RunSearch>): void
  workerName(id: string): string
}

/** All that the handler has logged, live while it runs; a hundred thousand lines are as smooth as ten. */
export function Logs({ namespace, run, events, search, onSearch, workerName }: LogsProps) {
  const closed = isClosed(run.state)
  const { store, streams } = useLog(namespace, run.id, closed)
  const lines = useRef<LinesHandle>(null)
  const sought = useDeferredValue(search.find ?? '')
  const count = store.lines.length
  // biome-ignore lint/correctness/useExhaustiveDependencies: the store's list is added to in place, and its length tells
  const rows = useMemo(() => rowsOf(store.lines, { attempt: search.attempt, levels: search.level }), [store, count, search.attempt, search.level])
  const hits = useMemo(() => hitsOf(rows, sought), [rows, sought])
  const fitting = useMemo(() => rows.reduce((sum, row) => sum + ('head' in row ? 0 : 1), 0), [rows])
  const [hit, setHit] = useState(0)
  const [hash, setHash] = useState(() => decodeURIComponent(window.location.hash.slice(1)))
  const delivered = useMemo(() => deliveriesOf(events, workerName), [events, workerName])
  const go = (to: number): void => {
    if (hits.length === 0) return
    const next = (to + hits.length) % hits.length
    setHit(next)
    lines.current?.show(hits[next] as number)
  }
  // The first hit of a new search is shown at once.
  // biome-ignore lint/correctness/useExhaustiveDependencies: of a new search only, not of each new line
  useEffect(() => go(0), [sought])
  const firstError = (): void => {
    const index = rows.findIndex(row => !('head' in row) && row.level === 'error')
    const row = rows[index]
    if (row === undefined || 'head' in row) return
    pick(row.name)
    lines.current?.show(index)
  }
  const pick = (name: string): void => {
    setHash(name)
    window.history.replaceState(window.history.state, '', lineAddress(name))
  }
  useCommand({ label: 'Next match in the logs', group: 'This page', keys: 'n', run: () => go(hit + 1) }, hits.length > 0)
  useCommand({ label: 'Previous match in the logs', group: 'This page', keys: 'N', run: () => go(hit - 1) }, hits.length > 0)
  useCommand({ label: 'First error in the logs', group: 'This page', keys: 'E', run: firstError })
  const errors = store.lines.some(line => line.level === 'error')
  const several = new Set(delivered.keys()).size
  return (
    <section aria-label="Logs" className="flex min-w-0 flex-col rounded border border-line bg-surface">
      {streams && <LogStream namespace={namespace} run={run.id} store={store} />}
      <LogToolbar
        search={search}
        onSearch={onSearch}
        attempts={several}
        hit={hits.length === 0 ? 0 : Math.min(hit, hits.length - 1) + 1}
        hits={hits.length}
        onHit={step => go(hit + step)}
        hasErrors={errors}
        onFirstError={firstError}
        store={store}
        shown={fitting}
        name={`${run.definition}-${shortId(run.id)}`}
        command={commandText(namespace, 'logs', shortId(run.id), ...(closed ? [] : ['--follow']))}
      />
      {store.problem && (
        <div className="p-3">
          <ProblemText problem={store.problem} />
        </div>
      )}
      {count === 0 && !store.complete && store.problem === null ? (
        <Skeleton lines={8} />
      ) : rows.length === 0 ? (
        <NoLines run={run} namespace={namespace} filtered={count > 0} />
      ) : (
        <Lines
          ref={lines}
          rows={rows}
          open={!closed}
          wrap={search.wrap !== 'off'}
          relative={search.times === 'relative'}
          sought={sought.toLowerCase()}
          hit={hits[Math.min(hit, hits.length - 1)] ?? null}
          picked={hash}
          onPick={pick}
          delivered={delivered}
        />
      )}
    </section>
  )
}

function NoLines({ run, namespace, filtered }: { run: RunDetail; namespace: string; filtered: boolean }) {
  if (filtered)
    return (
      <EmptyState icon="search" title="No line fits this filter">
        Show another attempt or more levels.
      </EmptyState>
    )
  return (
    <EmptyState
      icon="runs"
      title={isClosed(run.state) ? 'It logged nothing' : 'Nothing is logged yet'}
      command={commandText(namespace, 'logs', shortId(run.id))}
    >
      What a handler says with <code>ctx.log.info('fetching', {'{ url }'})</code> is shown here as it comes, and kept with its attempt.
    </EmptyState>
  )
}

export interface Delivered {
  at: number
  worker: string | null
}

/** When each attempt was first handed out, and to whom last. */
function deliveriesOf(events: readonly HistoryEvent[], workerName: (id: string) => string): ReadonlyMap<number, Delivered> {
  const found = new Map<number, Delivered>()
  for (const event of events) {
    if (event.is !== 'delivered' || typeof event.attempt !== 'number') continue
    const at = found.get(event.attempt)?.at ?? Date.parse(event.at)
    found.set(event.attempt, { at, worker: typeof event.worker === 'string' ? workerName(event.worker) : null })
  }
  return found
}
