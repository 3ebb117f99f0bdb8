import type { Answer, Batch, Store } from '../../store/store.ts'

export type CrashMoment = 'before' | 'after'

/** Counts commits, and ends the node at the one that is chosen: what it wrote before stays, everything it had in mind is gone. */
export class CrashPoint {
  /** Commits that reached the store since the environment began. */
  commits = 0
  /** Calls of any kind that reached the store. */
  activity = 0
  /** Commits under way. */
  open = 0
  #armed: { moment: CrashMoment; commit: number } | null = null
  readonly #crash: () => void

  constructor(crash: () => void) {
    this.#crash = crash
  }

  /** The `nth` commit from now, 1 being the next. */
  arm(moment: CrashMoment, nth: number): void {
    this.#armed = { moment, commit: this.commits + nth }
  }

  /** True until the armed commit came. */
  get armed(): boolean {
    return this.#armed !== null
  }

  async commit(store: Store, batch: Batch): Promise<Answer> {
    const commit = ++this.commits
    const armed = this.#armed?.commit === commit ? this.#armed : null
    if (armed) this.#armed = null
    if (armed?.moment === 'before') return this.#end()
    this.open++
    try {
      const answer = await store.commit(batch)
      return armed ? this.#end() : answer
    } finally {
      this.open--
    }
  }

  /** A dead node hears no answer. */
  #end(): Promise<never> {
    this.#crash()
    return new Promise(() => {})
  }
}

/**
 * What a node sees of the store: the store itself while the node lives, silence afterwards. A dead node's timers may still fire in this process;
 * nothing that they do may reach what the next node works on.
 */
export function mortalStore(store: Store, point: CrashPoint, alive: () => boolean): Store {
  const guarded =
    <Arguments extends unknown[], Result>(call: (...given: Arguments) => Promise<Result>) =>
    async (...given: Arguments): Promise<Result> => {
      if (!alive()) return new Promise<never>(() => {})
      point.activity++
      const result = await call(...given)
      return alive() ? result : new Promise<never>(() => {})
    }
  return {
    can: store.can,
    commit: guarded(batch => point.commit(store, batch)),
    settle: guarded((batch, settling) => store.settle(batch, settling)),
    lanes: guarded(() => store.lanes()),
    claim: guarded(request => store.claim(request)),
    renew: guarded((claim, version) => store.renew(claim, version)),
    release: guarded(claim => store.release(claim)),
    loadActors: guarded((claim, ids) => store.loadActors(claim, ids)),
    loadDue: guarded((claim, until, page) => store.loadDue(claim, until, page)),
    loadDelivered: guarded((claim, page) => store.loadDelivered(claim, page)),
    findKeys: guarded((claim, keys) => store.findKeys(claim, keys)),
    loadGroups: guarded(claim => store.loadGroups(claim)),
    pageReady: guarded((claim, requests) => store.pageReady(claim, requests)),
    loadRates: guarded(claim => store.loadRates(claim)),
    loadHolds: guarded(claim => store.loadHolds(claim)),
    loadMail: guarded((claim, page) => store.loadMail(claim, page)),
    lastId: guarded(claim => store.lastId(claim)),
    lastMail: guarded(claim => store.lastMail(claim)),
    loadCounts: guarded(claim => store.loadCounts(claim)),
    loadExpired: guarded((claim, until, limit) => store.loadExpired(claim, until, limit)),
    loadOldLines: guarded((claim, old, page) => store.loadOldLines(claim, old, page)),
    read: {
      run: guarded((namespace, id) => store.read.run(namespace, id)),
      runsEnding: guarded((...given) => store.read.runsEnding(...given)),
      runs: guarded((filter, page) => store.read.runs(filter, page)),
      runsDepth: guarded((...given) => store.read.runsDepth(...given)),
      runCounts: guarded((filter, steps, limit) => store.read.runCounts(filter, steps, limit)),
      segments: guarded((...given) => store.read.segments(...given)),
      logs: guarded((run, page) => store.read.logs(run, page)),
      streams: guarded((run, stream, page) => store.read.streams(run, stream, page)),
      definitions: guarded(() => store.read.definitions()),
      settings: guarded(() => store.read.settings()),
      settingsVersion: guarded(() => store.read.settingsVersion()),
      assets: guarded((namespace, page) => store.read.assets(namespace, page)),
      schedules: guarded((namespace, page) => store.read.schedules(namespace, page)),
      ledger: guarded((schedule, filter, page) => store.read.ledger(schedule, filter, page)),
      ledgers: guarded((schedules, filter, limit) => store.read.ledgers(schedules, filter, limit)),
      runTimes: guarded((namespace, ids) => store.read.runTimes(namespace, ids)),
      closedTimes: guarded((namespace, range, limit) => store.read.closedTimes(namespace, range, limit)),
      closedCounts: guarded((namespace, since) => store.read.closedCounts(namespace, since)),
      expired: guarded((until, limit) => store.read.expired(until, limit)),
    },
    now: guarded(() => store.now()),
    close: async () => {},
  }
}
