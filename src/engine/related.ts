import type { RunId } from '../core/ids.ts'
import { isRun } from '../core/machine.ts'
import { isClosed, type Trigger } from '../core/run.ts'
import type { Reads, Row, RunFilter } from '../store/store.ts'
import { Actor } from './actor.ts'
import { boundedRuns } from './bounded.ts'
import type { RelatedRuns, RunSummary } from './face.ts'
import { summaryOf } from './summary.ts'
import { BATCH_TAG } from './tags.ts'

/** Retries before and after that are told, and runs that a handler started. */
const CHAIN_MAX = 50
const CHILDREN_MAX = 50
/** Runs that are looked through for what a run does not know itself: its retries, and what its handler started. */
const LOOKED_THROUGH_MAX = 2_000
const PAGE = 250
/** A hook's run is born with the close that it tells of, and a handler that is lost may start one a little later. */
const AFTER_CLOSE_MS = 60_000

type Read = Pick<Reads, 'run' | 'runs' | 'runsDepth'>

/** What a run has to do with others. Backwards its trigger says it; forwards newer runs are looked through, which `more` says the end of. */
export async function relatedRuns(read: Read, row: Row): Promise<RelatedRuns> {
  const self = summaryOf(Actor.load(row))
  const before = await retried(read, self)
  const after = await retries(read, self)
  const chain = [...before, self, ...after.rows]
  const { trigger } = chain[0] as RunSummary
  const children = await childrenOf(read, self)
  const parentId = startedBy(trigger)
  return {
    chain,
    parent: parentId === null ? null : await runOf(read, self.namespace, parentId),
    children: children.rows,
    schedule: trigger.is === 'schedule' ? trigger : null,
    batch: batchIn(trigger) ?? batchIn(self.trigger),
    more: after.more || children.more,
  }
}

/** The run whose code, or whose failure, started one. */
function startedBy(trigger: Trigger): RunId | null {
  return trigger.is === 'job' || trigger.is === 'workflow' || trigger.is === 'dag' || trigger.is === 'hook' ? trigger.run : null
}

function batchIn(trigger: Trigger): RunId | null {
  if (trigger.is === 'batch') return trigger.batch
  return trigger.is === 'retry' || trigger.is === 'schedule' ? (trigger.batch ?? null) : null
}

async function runOf(read: Read, namespace: string, id: RunId): Promise<RunSummary | null> {
  const row = await read.run(namespace, id)
  return row === null || !isRun(row.kind) ? null : summaryOf(Actor.load(row))
}

/** The runs that it is a retry of, oldest first. */
async function retried(read: Read, { namespace, trigger }: RunSummary): Promise<RunSummary[]> {
  const found: RunSummary[] = []
  for (let at = trigger; at.is === 'retry' && found.length < CHAIN_MAX; ) {
    const run = await runOf(read, namespace, at.of)
    if (run === null) break
    found.unshift(run)
    at = run.trigger
  }
  return found
}

/** The newest of the runs that stand in the place of one. */
export async function newestOf(read: Read, row: Row): Promise<RunSummary> {
  const self = summaryOf(Actor.load(row))
  return (await retries(read, self)).rows.at(-1) ?? self
}

/** The runs that are retries of it, or of one of these, oldest first. */
async function retries(
  read: Read,
  { id, namespace, kind, definition, state, createdAt, closedAt }: RunSummary,
): Promise<{ rows: RunSummary[]; more: boolean }> {
  // Open, only a workflow is forked.
  if (kind !== 'workflow' && !isClosed(state)) return { rows: [], more: false }
  const filter = { namespace, names: [definition], createdAfter: kind === 'workflow' ? createdAt : (closedAt ?? createdAt) }
  const { rows, more } = await lookedThrough(read, filter, ({ trigger }) => trigger.is === 'retry', LOOKED_THROUGH_MAX)
  const known = new Set([id])
  const found = rows.reverse().filter(run => {
    const isOfChain = run.trigger.is === 'retry' && known.has(run.trigger.of)
    if (isOfChain) known.add(run.id)
    return isOfChain
  })
  return { rows: found.slice(0, CHAIN_MAX), more: more || found.length > CHAIN_MAX }
}

/** A batch's own jobs, or what a run's handler started and what was told of its failure; newest first. */
async function childrenOf(read: Read, { id, namespace, kind, startedAt, closedAt }: RunSummary): Promise<{ rows: RunSummary[]; more: boolean }> {
  if (kind === 'batch') return lookedThrough(read, { namespace, tags: { [BATCH_TAG]: id } }, () => true, CHILDREN_MAX)
  if (startedAt === null) return { rows: [], more: false }
  const filter = { namespace, createdAfter: startedAt, ...(closedAt === null ? {} : { createdBefore: closedAt + AFTER_CLOSE_MS }) }
  return lookedThrough(read, filter, ({ trigger }) => startedBy(trigger) === id, CHILDREN_MAX)
}

async function lookedThrough(
  read: Read,
  filter: RunFilter,
  fits: (run: RunSummary) => boolean,
  limit: number,
): Promise<{ rows: RunSummary[]; more: boolean }> {
  const rows: RunSummary[] = []
  for (let looked = 0, after: string | null = null; looked < LOOKED_THROUGH_MAX; looked += PAGE) {
    const page: Awaited<ReturnType<typeof boundedRuns>> = await boundedRuns(read, filter, { after, limit: PAGE })
    for (const row of page.rows) {
      const run = summaryOf(Actor.load(row))
      if (!fits(run)) continue
      if (rows.length === limit) return { rows, more: true }
      rows.push(run)
    }
    if (page.next === null || page.through !== null) return { rows, more: page.next !== null }
    after = page.next
  }
  return { rows, more: true }
}
