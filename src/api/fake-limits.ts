import { UserError } from '../core/errors.ts'
import type { LimitCalls, LimitSet, LimitView } from '../engine/face.ts'

/** Limits as the engine has them: two of code, and what tests set over or beside them. */
export class FakeLimits implements LimitCalls {
  readonly sets = new Map<string, LimitSet & { by: string | null }>()
  readonly #called: (name: string, ...args: unknown[]) => void
  readonly #now: number
  constructor(called: (name: string, ...args: unknown[]) => void, now: number) {
    this.#called = called
    this.#now = now
  }

  readonly list: LimitCalls['list'] = async namespace => this.#limits(namespace)
  #limits(namespace: string): LimitView[] {
    const used = { used: 2, keys: 1, waiting: 3 }
    const common = { namespace, from: 'code', declared: null, set: null, ...used } as const
    const code: LimitView[] = [
      { ...common, name: 'resize/user', on: { scope: 'definition', name: 'resize' }, per: 'user', is: 'concurrency', max: 2, everyMs: null },
      { ...common, name: 'api', on: { scope: 'definition', name: 'resize' }, per: null, is: 'rate', max: 100, everyMs: 60_000 },
    ]
    const limits = new Map(code.map(limit => [limit.name, limit]))
    for (const [name, { on, per = null, max, everyMs = null, by }] of this.sets) {
      const set = { by, since: this.#now }
      const known = limits.get(name)
      const is = everyMs === null ? 'concurrency' : 'rate'
      if (known !== undefined)
        limits.set(name, { ...known, is, max, everyMs, from: 'operator', declared: { max: known.max, everyMs: known.everyMs }, set })
      else if (on !== undefined)
        limits.set(name, { name, namespace, on, per, is, max, everyMs, from: 'operator', declared: null, set, used: 0, keys: 0, waiting: 0 })
    }
    return [...limits.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }
  readonly get: LimitCalls['get'] = async (namespace, name) => {
    const limit = this.#limits(namespace).find(one => one.name === name)
    if (limit === undefined) throw new UserError('limit-not-found', { found: name })
    const holders = [{ run: '01kg0000000000000000000000', weight: 2, since: this.#now }]
    return { ...limit, byKey: limit.used === 0 ? [] : [{ key: 'u17', used: 2, holders, waiting: 3, nextAt: limit.is === 'rate' ? this.#now : null }] }
  }
  /** By what each definition has: `user` of any input, and all of `resize`. */
  readonly met: LimitCalls['met'] = (namespace, definition, queue, input) =>
    this.#limits(namespace)
      .filter(({ on }) => (on.scope === 'queue' ? on.name === (queue ?? 'default') : on.name === definition))
      .map(limit => ({ limit, per: limit.per, key: limit.per && String(JSON.parse(input ?? '{}')[limit.per] ?? ''), weight: 1 }))
  readonly set: LimitCalls['set'] = async (namespace, name, set, by) => {
    const known = this.#limits(namespace).some(limit => limit.name === name)
    if (!known && set?.on === undefined) throw new UserError('limit-not-found', { found: name })
    this.#called('limits.set', namespace, name, set)
    if (set === null) this.sets.delete(name)
    else this.sets.set(name, { ...set, by })
  }
  stopped: LimitCalls['stopped'] = async () => [{ definition: 'resize', key: 'u17', run: '01kg0000000000000000000000' }]
  readonly resumeSequence: LimitCalls['resumeSequence'] = async (...args) => this.#called('limits.resumeSequence', ...args)
}
