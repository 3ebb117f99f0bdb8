import { UserError } from '../../core/errors.ts'
import type { Limit } from '../../core/limits.ts'
import type { Definitions } from '../definitions.ts'
import type { LimitCalls, LimitKeyView, LimitView } from '../face.ts'
import { homeOf } from '../homes.ts'
import type { Tenure } from '../tenure.ts'
import type { Settle, Work } from '../work.ts'
import type { Limits } from './limits.ts'
import type { Resource } from './resource.ts'
import { LIMIT_SETTING, type LimitKept } from './rules.ts'
import { resumeSequenceWork } from './sequences.ts'
import { standingOf } from './standing.ts'
import { fullestFirst, KEYS_SHOWN_MAX } from './together.ts'

interface LimitOptions {
  definitions: Definitions
  tenure(): Tenure
  putSetting(kind: string, namespace: string, name: string, value: string | null): Promise<void>
  submit<T>(slot: number | null, make: (settle: Settle<T>) => Work): Promise<T>
}

const HOLDERS_SHOWN_MAX = 100

export function limitCalls({ definitions: { rules, gating }, tenure, putSetting, submit }: LimitOptions): LimitCalls {
  const view = (limit: Limit, resources: readonly Resource[]): LimitView => {
    const { limits, queues } = tenure()
    const now = limits.now()
    const used = (resource: Resource): number => standingOf(limits, limit, resource).used
    // What another lane counts is told by that one.
    const busy = resources.filter(resource => resource.borrowed === null && (used(resource) > 0 || isWaitedFor(resource)))
    return {
      ...limit,
      used: busy.reduce((sum, resource) => sum + used(resource), 0),
      keys: busy.length,
      waiting: resources.reduce((sum, { waiting }) => sum + waiting.size, queues.waitingFor(limit, now)),
    }
  }
  return {
    list: async namespace => rules.list(namespace).map(limit => view(limit, tenure().limits.ofLimit(limit))),
    async get(namespace, name) {
      const limit = rules.get(namespace, name)
      if (limit === undefined) throw new UserError('limit-not-found', { found: name })
      const { limits } = tenure()
      const resources = limits.ofLimit(limit)
      const byKey = resources
        .map(resource => keyView(limits, limit, resource))
        .filter(({ used, waiting, nextAt }) => used > 0 || waiting > 0 || nextAt !== null)
        .sort(fullestFirst)
      return { ...view(limit, resources), byKey: byKey.slice(0, KEYS_SHOWN_MAX) }
    },
    met: (namespace, definition, queue, input) => gating.met(namespace, definition, queue, input),
    async set(namespace, name, set, by) {
      const known = rules.get(namespace, name)
      if (set === null ? known === undefined : known === undefined && set.on === undefined)
        throw new UserError('limit-not-found', {
          found: name,
          hint: 'a limit that no code declares says what it is on: a queue, a definition, a pool or the namespace',
        })
      await putSetting(LIMIT_SETTING, namespace, name, set === null ? null : JSON.stringify({ ...set, by } satisfies LimitKept))
    },
    stopped: async (namespace, limit) => tenure().queues.stopped(namespace, limit),
    resumeSequence: (namespace, definition, key) =>
      submit(homeOf(namespace, definition, key, null), settle => resumeSequenceWork(namespace, definition, key, settle)),
  }
}

function isWaitedFor({ waiting, turns }: Resource): boolean {
  return waiting.size > 0 || (turns !== null && !turns.isEmpty)
}

/** Of what another lane counts only who waits for it here. */
function keyView(limits: Limits, limit: Limit, resource: Resource): LimitKeyView {
  const { key, waiting } = resource
  if (resource.borrowed !== null) return { key, used: 0, holders: [], waiting: waiting.size, nextAt: null }
  const { used, holders, freeAt } = standingOf(limits, limit, resource)
  const nextAt = limit.is === 'rate' && resource.spent !== null ? freeAt : null
  return { key, used, holders: holders.slice(0, HOLDERS_SHOWN_MAX), waiting: waiting.size, nextAt }
}
