import { UserError } from '../core/errors.ts'
import { durationMs } from '../core/time.ts'
import type { ClosedDay, RetentionView } from '../engine/face.ts'
import { Collectable, Collected, Retention } from './answers.ts'
import { formatInstant } from './instants.ts'
import { type Operation, operation } from './operation.ts'
import { RetentionSet } from './schemas.ts'
import { setJson } from './views.ts'

const RETENTION = '/v1/namespaces/{namespace}/retention'

export const retention: Operation[] = [
  operation({
    name: 'retention.get',
    method: 'GET',
    path: RETENTION,
    summary: 'How long a namespace keeps closed runs that do not say so themselves, and lines of ledgers',
    answers: { 200: Retention },
    handle: ({ engine, params }) => JSON.stringify(retentionJson(engine.retention.get(params.namespace))),
  }),
  operation({
    name: 'retention.set',
    method: 'PATCH',
    path: RETENTION,
    summary: 'Set it: for runs that close from now on, and for lines of ledgers at once. What is not given stays',
    body: { schema: RetentionSet },
    answers: { 200: Retention },
    async handle({ engine, params: { namespace }, body: { runs, ledger }, by }) {
      if (runs === undefined && ledger === undefined)
        throw new UserError('invalid-option', { at: '', hint: 'say runs, ledger or both, such as { "runs": "30d" }' })
      const set = {
        ...(runs === undefined ? {} : { runsMs: durationMs(runs, '/runs') }),
        ...(ledger === undefined ? {} : { ledgerMs: durationMs(ledger, '/ledger') }),
      }
      await engine.retention.set(namespace, set, by)
      return JSON.stringify(retentionJson(engine.retention.get(namespace)))
    },
  }),
  operation({
    name: 'retention.reset',
    method: 'DELETE',
    path: RETENTION,
    summary: 'What was set is removed: 7 days for runs, 90 for lines of ledgers',
    answers: { 200: Retention },
    async handle({ engine, params: { namespace }, by }) {
      await engine.retention.set(namespace, null, by)
      return JSON.stringify(retentionJson(engine.retention.get(namespace)))
    },
  }),
  operation({
    name: 'gc.preview',
    method: 'GET',
    path: '/v1/gc',
    summary:
      'Closed runs whose retention is over and that are still there, of all namespaces, by definition and the day of their close; of the first 100,000',
    answers: { 200: Collectable },
    async handle({ engine }) {
      const { days, more } = await engine.retention.preview()
      return JSON.stringify({ days: days.sort(inOrder).map(dayJson), more })
    },
  }),
  operation({
    name: 'gc.collect',
    method: 'POST',
    path: '/v1/gc',
    summary: 'Drop what retention would drop by itself, now: some 20,000 runs a call, in batches that other work goes on between',
    answers: { 200: Collected },
    handle: async ({ engine }) => JSON.stringify(await engine.retention.collect()),
  }),
]

function retentionJson({ runsMs, ledgerMs, set }: RetentionView): object {
  return { runs: runsMs, ledger: ledgerMs, set: set && setJson(set) }
}

function inOrder(a: ClosedDay, b: ClosedDay): number {
  if (a.namespace !== b.namespace) return a.namespace < b.namespace ? -1 : 1
  if (a.name !== b.name) return a.name < b.name ? -1 : 1
  return a.day - b.day
}

function dayJson({ namespace, kind, name, day, count }: ClosedDay): object {
  return { namespace, kind, definition: name, day: formatInstant(day).slice(0, 10), runs: count }
}
