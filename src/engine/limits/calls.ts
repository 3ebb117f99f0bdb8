import { UserError } from '../../core/errors.ts'
import type { LimitCalls, LimitView } from '../face.ts'
import { LIMIT_SETTING, type Rules } from './rules.ts'

interface LimitOptions {
  rules: Rules
  putSetting(kind: string, namespace: string, name: string, value: string | null): Promise<void>
}

export function limitCalls({ rules, putSetting }: LimitOptions): LimitCalls {
  const view = (limit: Omit<LimitView, 'used' | 'keys' | 'waiting'>): LimitView => ({ ...limit, used: 0, keys: 0, waiting: 0 })
  return {
    list: namespace => rules.list(namespace).map(view),
    get(namespace, name) {
      const limit = rules.get(namespace, name)
      if (limit === undefined) throw new UserError('limit-not-found', { found: name })
      return { ...view(limit), byKey: [] }
    },
    async set(namespace, name, set) {
      const known = rules.get(namespace, name)
      if (set === null ? known === undefined : known === undefined && set.on === undefined)
        throw new UserError('limit-not-found', {
          found: name,
          hint: 'a limit that no code declares says what it is on: a queue, a definition, a pool or the namespace',
        })
      await putSetting(LIMIT_SETTING, namespace, name, set === null ? null : JSON.stringify(set))
    },
    async resumeSequence(_namespace, definition, key) {
      throw new UserError('sequence-not-stopped', { found: `${definition} ${key}` })
    },
  }
}
