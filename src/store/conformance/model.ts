import fc from 'fast-check'
import type { Claim, KeyRow, OpenRow, Row, Store, Writes } from '../store.ts'
import { bornRow, byId, closedRow, closingRow, keyRow, pages, readyOf, touchedRow } from './fixtures.ts'

/** Runs and keys are few, so that steps meet the same ones again and again. */
const RUNS = 6
const KEYS = 3

type Verb = 'born' | 'touched' | 'moved' | 'bornClosed' | 'purged'
interface Act {
  run: number
  verb: Verb
  value: number
  text: string
}
/** One batch: acts on runs, each at most once, and on keys. */
export interface Step {
  acts: Act[]
  keys: { key: number; drop: boolean; value: number }[]
}

const act: fc.Arbitrary<Act> = fc.record({
  run: fc.nat(RUNS - 1),
  verb: fc.constantFrom<Verb>('born', 'touched', 'moved', 'bornClosed', 'purged'),
  value: fc.nat(4),
  text: fc.string({ unit: 'grapheme', maxLength: 8 }),
})
const step: fc.Arbitrary<Step> = fc.record({
  acts: fc.uniqueArray(act, { selector: ({ run }) => run, maxLength: RUNS }),
  keys: fc.uniqueArray(fc.record({ key: fc.nat(KEYS - 1), drop: fc.boolean(), value: fc.nat(4) }), { selector: ({ key }) => key }),
})
export const histories: fc.Arbitrary<Step[]> = fc.array(step, { maxLength: 12 })

/** What is stored, as plainly as it can be said. */
export class Model {
  readonly #namespace: string
  #rows = new Map<string, Row>()
  #keys = new Map<string, KeyRow>()

  constructor(namespace: string) {
    this.#namespace = namespace
  }

  /** The batch of a step, and whether it is to be accepted. */
  apply({ acts, keys }: Step): { writes: Partial<Writes>; accepted: boolean } {
    const rows = new Map(this.#rows)
    const writes = { born: [], touched: [], closed: [], purge: [], keys: [], keyDrops: [] } as Pick<
      Writes,
      'born' | 'touched' | 'closed' | 'purge' | 'keys' | 'keyDrops'
    >
    let accepted = true
    for (const act of acts) {
      const row = this.#row(act)
      const before = rows.get(row.id)
      const open = before !== undefined && !('closedAt' in before) ? before : null
      const closing = closingRow(row, act.verb === 'bornClosed' ? row : null, { output: JSON.stringify(act.text), closedAt: act.value })
      if (act.verb === 'purged') {
        writes.purge.push(row.id)
        if (!open) rows.delete(row.id)
        continue
      }
      const fits = act.verb === 'born' || act.verb === 'bornClosed' ? before === undefined : open !== null
      accepted &&= fits
      if (act.verb === 'born') writes.born.push(row)
      else if (act.verb === 'touched') writes.touched.push(touchedRow(row))
      else writes.closed.push(closing)
      if (!fits) continue
      if (act.verb === 'born') rows.set(row.id, row)
      else if (act.verb === 'touched') rows.set(row.id, { ...(open as OpenRow), ...touchedRow(row) })
      else rows.set(row.id, closedRow(open ?? row, closing))
    }
    const keyRows = new Map(this.#keys)
    for (const { key, drop, value } of keys) {
      const row = keyRow({ namespace: this.#namespace, key: `${key}`, run: `${value}` })
      if (drop) {
        writes.keyDrops.push(row)
        keyRows.delete(row.key)
      } else {
        writes.keys.push(row)
        keyRows.set(row.key, row)
      }
    }
    if (accepted) {
      this.#rows = rows
      this.#keys = keyRows
    }
    return { writes, accepted }
  }

  comparable(): Comparable {
    const rows = [...this.#rows.values()]
    const open = rows.filter(row => !('closedAt' in row)) as OpenRow[]
    return {
      list: rows.sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1)),
      due: open
        .filter(row => row.wakeAt !== null)
        .sort((a, b) => (a.wakeAt as number) - (b.wakeAt as number) || byId(a, b))
        .map(row => row.id),
      ready: open
        .filter(row => row.gate !== null)
        .sort((a, b) => (a.sort as number) - (b.sort as number) || byId(a, b))
        .map(row => row.id),
      delivered: open
        .filter(row => row.delivered)
        .sort(byId)
        .map(row => row.id),
      tagged: rows.filter(row => row.tags !== null).map(row => row.id),
      keys: [...this.#keys.values()].sort((a, b) => (a.key < b.key ? -1 : 1)),
    }
  }

  #row({ run, value, text }: Act): OpenRow {
    const flag = (bit: number) => (value & bit) !== 0
    return bornRow({
      id: `${this.#namespace}-${run}`,
      namespace: this.#namespace,
      createdAt: run >> 1,
      gate: flag(1) ? 1 : null,
      sort: flag(1) ? value : null,
      wakeAt: flag(2) ? value : null,
      delivered: flag(4),
      tags: run % 2 ? { [`tag ${run % 4}`]: 'é', t: '1' } : null,
      input: text === '' ? null : JSON.stringify(text),
      body: JSON.stringify([text]),
    })
  }
}

export interface Comparable {
  list: Row[]
  due: string[]
  ready: string[]
  delivered: string[]
  tagged: string[]
  keys: KeyRow[]
}

/** What a store holds of a namespace. */
export async function comparable(store: Store, claim: Claim, namespace: string): Promise<Comparable> {
  const mine = (rows: { id: string }[]) => rows.map(row => row.id).filter(id => id.startsWith(`${namespace}-`))
  const limit = 2
  const list = await pages(after => store.read.runs({ namespace }, { after, limit }))
  const keys = Array.from({ length: KEYS }, (_, key) => keyRow({ namespace, key: `${key}` }))
  return {
    list,
    due: mine(await pages(after => store.loadDue(claim, 1_000, { after, limit }))),
    ready: mine(await readyOf(store, claim, 1, limit)),
    delivered: mine(await pages(after => store.loadDelivered(claim, { after, limit }))),
    tagged: (await pages(after => store.read.runs({ namespace, tags: { t: '1' } }, { after, limit }))).map(row => row.id),
    keys: (await store.findKeys(claim, keys)).sort((a, b) => (a.key < b.key ? -1 : 1)),
  }
}
