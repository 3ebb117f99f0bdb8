import type { Answer, Batch, Claim, ClaimRequest, Reads, Store } from '../../src/store/store.ts'
import { StoreUnavailable } from '../../src/store/store.ts'
import type { Life } from './life.ts'
import type { Rng } from './rng.ts'
import type { World } from './world.ts'

/** How badly a node's way to the store behaves now. */
export class StoreLink {
  /** Nothing gets through (partition of this node, or the store is away). */
  cut = 0
  /** Longest way in one direction. */
  latencyMs = 4
  /** How many writes lose their connection: the answer is unknown, and they land later, or never (E3). */
  dying = 0
  /** A write whose connection died lands within so long. */
  lateMs = 30_000
}

/** How long a call to a store that is away hangs at most before its connection is given up. */
const HANG_MS_MAX = 3_000

/**
 * A node's store as it sees it over a bad network: each call takes time on both ways, gets lost or executed unheard, and a commit whose connection died
 * may land up to 30 s later. What it sends is copied when it is sent.
 */
export function nodeStore(target: Store, world: World, life: Life, link: StoreLink, rng: Rng): Store {
  const way = () => rng.between(0.05, link.latencyMs)
  const hang = () => rng.between(1, rng.chance(0.2) ? HANG_MS_MAX : 50)

  function call<T>(name: string, execute: () => Promise<T>, write: boolean): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const unavailable = (ms: number) =>
        void world.after(ms, () => life.enter('answer', () => reject(new StoreUnavailable(`simulated: ${name} had no answer`))))
      const dies = rng.chance(write ? link.dying : link.dying / 4)
      if (dies && rng.chance(0.3)) return unavailable(hang())
      if (dies && write) {
        unavailable(hang())
        if (rng.chance(0.7)) world.after(rng.between(0, rng.chance(0.5) ? link.lateMs : 200), () => void execute().catch(() => {}))
        return
      }
      world.after(way(), () => {
        if (link.cut > 0) return unavailable(hang())
        const answer = (settle: () => void) => {
          const back = way()
          if (dies || (link.cut > 0 && back > 0)) unavailable(hang())
          else world.after(back, () => (link.cut > 0 ? unavailable(hang()) : life.enter('answer', settle)))
        }
        execute().then(
          value => answer(() => resolve(value)),
          (error: unknown) => answer(() => reject(error)),
        )
      })
    })
  }

  /** Whoever gets no answer to a write does not know; some drivers say so with an error, some with an answer. */
  async function write<T>(name: string, execute: () => Promise<T>, proves: (answer: T) => boolean, unknown: T | null): Promise<T> {
    const sentAt = world.now
    try {
      const answer = await call(name, execute, true)
      if (proves(answer)) life.provedAt = Math.max(life.provedAt, sentAt)
      return answer
    } catch (error) {
      if (unknown !== null && error instanceof StoreUnavailable && rng.chance(0.7)) return unknown
      throw error
    }
  }

  const read = <T>(name: string, execute: () => Promise<T>) => call(name, execute, false)
  const reads: Reads = {
    run: (namespace, id) => read('read.run', () => target.read.run(namespace, id)),
    runsEnding: (...given) => read('read.runsEnding', () => target.read.runsEnding(...given)),
    runs: (filter, page) => read('read.runs', () => target.read.runs(filter, page)),
    runsDepth: (...given) => read('read.runsDepth', () => target.read.runsDepth(...given)),
    runCounts: (filter, steps, limit) => read('read.runCounts', () => target.read.runCounts(filter, steps, limit)),
    segments: (...given) => read('read.segments', () => target.read.segments(...given)),
    logs: (run, page) => read('read.logs', () => target.read.logs(run, page)),
    streams: (run, stream, page) => read('read.streams', () => target.read.streams(run, stream, page)),
    definitions: () => read('read.definitions', () => target.read.definitions()),
    settings: () => read('read.settings', () => target.read.settings()),
    settingsVersion: () => read('read.settingsVersion', () => target.read.settingsVersion()),
    assets: (namespace, page) => read('read.assets', () => target.read.assets(namespace, page)),
    schedules: (namespace, page) => read('read.schedules', () => target.read.schedules(namespace, page)),
    ledger: (schedule, filter, page) => read('read.ledger', () => target.read.ledger(schedule, filter, page)),
    ledgers: (schedules, filter, limit) => read('read.ledgers', () => target.read.ledgers(schedules, filter, limit)),
    runTimes: (namespace, ids) => read('read.runTimes', () => target.read.runTimes(namespace, ids)),
    closedTimes: (namespace, range, limit) => read('read.closedTimes', () => target.read.closedTimes(namespace, range, limit)),
    closedCounts: (namespace, since) => read('read.closedCounts', () => target.read.closedCounts(namespace, since)),
    expired: (until, limit) => read('read.expired', () => target.read.expired(until, limit)),
  }
  return {
    can: target.can,
    commit: (batch: Batch) => {
      const sent = structuredClone(batch)
      return write<Answer>(
        'commit',
        () => target.commit(sent),
        answer => answer.is === 'committed',
        { is: 'unknown' },
      )
    },
    settle: (batch, settling) => {
      const sent = structuredClone(batch)
      return write<Awaited<ReturnType<Store['settle']>>>(
        'settle',
        () => target.settle(sent, settling),
        answer => answer === 'in' || answer === 'out',
        'unknown',
      )
    },
    claim: (request: ClaimRequest) => {
      const sent = structuredClone(request)
      return write<Claim>(
        'claim',
        () => target.claim(sent),
        () => true,
        null,
      )
    },
    renew: (claim, version) =>
      write<number | null>(
        'renew',
        () => target.renew(claim, version),
        answer => answer !== null,
        null,
      ),
    release: claim =>
      write<void>(
        'release',
        () => target.release(claim),
        () => false,
        null,
      ),
    lanes: () => read('lanes', () => target.lanes()),
    loadActors: (claim, ids) => read('loadActors', () => target.loadActors(claim, ids)),
    loadDue: (claim, until, page) => read('loadDue', () => target.loadDue(claim, until, page)),
    loadDelivered: (claim, page) => read('loadDelivered', () => target.loadDelivered(claim, page)),
    findKeys: (claim, keys) => read('findKeys', () => target.findKeys(claim, keys)),
    loadGroups: claim => read('loadGroups', () => target.loadGroups(claim)),
    pageReady: (claim, requests) => read('pageReady', () => target.pageReady(claim, requests)),
    loadRates: claim => read('loadRates', () => target.loadRates(claim)),
    loadHolds: claim => read('loadHolds', () => target.loadHolds(claim)),
    loadMail: (claim, page) => read('loadMail', () => target.loadMail(claim, page)),
    lastId: claim => read('lastId', () => target.lastId(claim)),
    lastMail: claim => read('lastMail', () => target.lastMail(claim)),
    loadCounts: claim => read('loadCounts', () => target.loadCounts(claim)),
    loadExpired: (claim, until, limit) => read('loadExpired', () => target.loadExpired(claim, until, limit)),
    loadOldLines: (claim, old, page) => read('loadOldLines', () => target.loadOldLines(claim, old, page)),
    read: reads,
    now: () => read('now', () => target.now()),
    close: async () => {},
  }
}
