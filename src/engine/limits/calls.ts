import { UserError } from '../../core/errors.ts'
import type { Limit } from '../../core/limits.ts'
import type { Definitions } from '../definitions.ts'
import type { LimitCalls, LimitKeyView, LimitView } from '../face.ts'
import type { Settle } from '../starts.ts'
import type { Tenure } from '../tenure.ts'
import type { Work } from '../work.ts'
import type { Limits } from './limits.ts'
import type { Resource } from './resource.ts'
import { LIMIT_SETTING, type LimitKept } from './rules.ts'
import { resumeSequenceWork } from './sequences.ts'
import { standingOf } from './standing.ts'

interface LimitOptions {
  definitions: Definitions
  tenure(): Tenure
  putSetting(kind: string, namespace: string, name: string, value: string | null): Promise<void>
  submit<T>(make: (settle: Settle<T>) => Work): Promise<T>
}

const KEYS_SHOWN_MAX = 100
const HOLDERS_SHOWN_MAX = 100

export function limitCalls({ definitions: { rules, gating }, tenure, putSetting, submit }: LimitOptions): LimitCalls {
  const view = (limit: Limit, resources: readonly Resource[]): LimitView => {
    const { limits, queues } = tenure()
    const now = limits.now()
    const used = (resource: Resource): number => standingOf(limits, limit, resource).used
    const busy = resources.filter(resource => used(resource) > 0 || resource.waiting.size > 0)
    return {
      ...limit,
      used: busy.reduce((sum, resource) => sum + used(resource), 0),
      keys: busy.length,
      waiting: busy.reduce((sum, { waiting }) => sum + waiting.size, queues.waitingFor(limit, now)),
    }
  }
  return {
    list: namespace => rules.list(namespace).map(limit => view(limit, tenure().limits.ofLimit(limit))),
    get(namespace, name) {
      const limit = rules.get(namespace, name)
      if (limit === undefined) throw new UserError('limit-not-found', { found: name })
      const { limits } = tenure()
      const resources = limits.ofLimit(limit)
      const byKey = resources
        .map(resource => keyView(limits, limit, resource))
        .filter(({ used, waiting, nextAt }) => used > 0 || waiting > 0 || nextAt !== null)
        .sort((a, b) => b.used - a.used || b.waiting - a.waiting || (a.key < b.key ? -1 : 1))
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
    stopped: (namespace, limit) => tenure().queues.stopped(namespace, limit),
    resumeSequence: (namespace, definition, key) => submit(settle => resumeSequenceWork(namespace, definition, key, settle)),
  }
}

function keyView(limits: Limits, limit: Limit, resource: Resource): LimitKeyView {
  const { used, holders, freeAt } = standingOf(limits, limit, resource)
  const nextAt = limit.is === 'rate' && (resource.spent !== null || resource.seen !== null) ? freeAt : null
  return { key: resource.key, used, holders: holders.slice(0, HOLDERS_SHOWN_MAX), waiting: resource.waiting.size, nextAt }
}
