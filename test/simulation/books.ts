import type { RunId } from '../../src/core/ids.ts'
import type { LogRow, Paged } from '../../src/store/store.ts'
import type { Said } from './cluster.ts'
import type { Scenario } from './scenario.ts'
import type { Truth } from './truth.ts'
import type { World } from './world.ts'

/** Log lines: acknowledged ones are on disk until retention drops their run, each once, in the order of their delivery. */
export class LogBook {
  readonly #world: World
  readonly #truth: Truth
  readonly #scenario: Scenario
  readonly #acknowledged = new Map<string, LogRow>()

  constructor(world: World, truth: Truth, scenario: Scenario) {
    this.#world = world
    this.#truth = truth
    this.#scenario = scenario
  }

  get size(): number {
    return this.#acknowledged.size
  }

  /** `logged` was answered: at that moment, whether or not anybody hears it. */
  logged(lines: readonly LogRow[], { outcome }: Said<void>): void {
    if (outcome.is === 'problem') return
    for (const line of lines) {
      this.#acknowledged.set(nameOf(line), line)
      this.#expectThere(line, 'a log line was acknowledged and is not committed (P1, E4)')
    }
  }

  /** A live subscriber was told. */
  told(lines: readonly LogRow[]): void {
    for (const line of lines) this.#expectThere(line, 'a live log line is not committed (E4)')
  }

  /** All pages of a run's log, read while what was there before stayed. */
  read(run: RunId, known: readonly string[], pages: readonly Paged<LogRow>[]): void {
    if (!this.#kept(run)) return
    const rows = pages.flatMap(page => page.rows)
    const names = rows.map(nameOf)
    const facts = () => ({ run, rows: names.map(name => name.slice(-8)) })
    this.#world.expect(new Set(names).size === names.length, 'a log has a line twice', facts)
    const read = new Set(names)
    this.#world.expect(
      known.every(name => read.has(name)),
      'a log misses a line that was there',
      facts,
    )
    const last = new Map<string, number>()
    for (const { delivery, n } of rows) {
      this.#world.expect(n > (last.get(delivery) ?? -1), 'the lines of a delivery are not in their order', facts)
      last.set(delivery, n)
    }
  }

  /** Names of the lines of a run that are committed now. */
  committed(run: RunId): string[] {
    return [...this.#truth.lines(run)].map(nameOf)
  }

  /** Everything that was ever acknowledged is there, unless its run is gone. */
  expectAll(): void {
    for (const line of this.#acknowledged.values()) this.#expectThere(line, 'a log line that was acknowledged is gone (P1)')
  }

  #expectThere(line: LogRow, what: string): void {
    if (!this.#kept(line.run)) return
    const kept = this.#truth.line(line)
    this.#world.expect(kept !== undefined && JSON.stringify(kept) === JSON.stringify(line), what, () => ({ line, kept: kept ?? null }))
  }

  #kept(run: RunId): boolean {
    const truth = this.#truth.get(run)
    return truth !== undefined && !truth.purged && !this.#scenario.rollbacks
  }
}

function nameOf({ run, delivery, n }: LogRow): string {
  return `${run} ${delivery} ${n}`
}

interface Written {
  /** The last value whose write was acknowledged, and the last that was sent. */
  acknowledged: number
  sent: number
  /** A write is under way, or was never answered: it may arrive after any later one, so there is none. */
  busy: boolean
}

/** Settings that the server keeps with its store: each name has one writer, which counts up. */
export class SettingsBook {
  readonly kind = 'simulated'
  readonly #world: World
  readonly #scenario: Scenario
  readonly #written = new Map<string, Written>()

  constructor(world: World, scenario: Scenario) {
    this.#world = world
    this.#scenario = scenario
  }

  /** The next value of this name, or null: somebody writes it, or its last write is in doubt. */
  next(name: string): number | null {
    const written = this.#written.get(name) ?? { acknowledged: 0, sent: 0, busy: false }
    if (written.busy) return null
    this.#written.set(name, written)
    written.busy = true
    return ++written.sent
  }

  answered(name: string, value: number): void {
    const written = this.#written.get(name) as Written
    written.acknowledged = value
    written.busy = false
  }

  /** What an owner that serves says. */
  read(rows: readonly { name: string; value: string }[]): void {
    if (this.#scenario.rollbacks) return
    for (const [name, { acknowledged, sent }] of this.#written) {
      const value = Number(rows.find(row => row.name === name)?.value ?? 0)
      this.#world.expect(value >= acknowledged && value <= sent, 'a setting is not what was acknowledged (P1, E21)', () => ({
        name,
        value,
        acknowledged,
        sent,
      }))
    }
  }
}
