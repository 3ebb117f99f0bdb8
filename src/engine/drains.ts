import { UserError } from '../core/errors.ts'
import type { WorkerId } from '../core/ids.ts'
import type { Clock } from './clock.ts'
import type { Command, Pause } from './face.ts'
import { DRAIN_SETTING, type Settings } from './settings.ts'
import type { Workers } from './workers.ts'

/** A worker that was not heard of for so long does not come back under its id. */
const GONE_AFTER_MS = 24 * 3_600_000

interface Options {
  settings: Settings
  workers: Workers
  clock: Clock
  put(kind: string, namespace: string, name: string, value: string | null): Promise<void>
}

/** Workers that get no new task, by an operator's word: a setting (E21), so that a node that starts again still knows. What they run goes on. */
export function drainCalls({ settings, workers, clock, put }: Options) {
  /** Of those that went without a word nobody takes it back. */
  const forget = async (): Promise<void> => {
    for (const { namespace, name, changedAt } of settings.ofKind(DRAIN_SETTING))
      if (clock.now() - changedAt > GONE_AFTER_MS && !workers.isKnown(name)) await put(DRAIN_SETTING, namespace, name, null)
  }
  return {
    /** @throws UserError `worker-not-found` */
    async drain(namespace: string, worker: WorkerId, { by, why }: Command): Promise<void> {
      const seen = workers.get(worker) ?? workers.known(namespace).find(({ id }) => id === worker)
      if (seen?.namespace !== namespace || seen.gone) throw new UserError('worker-not-found', { found: worker })
      const drain: Pause = settings.drainOf(namespace, worker) ?? { by, note: why ?? null, since: clock.now() }
      await put(DRAIN_SETTING, namespace, worker, JSON.stringify(drain))
      await forget()
    },
    /** Also of one that is not there: nothing is left to undo. */
    async undrain(namespace: string, worker: WorkerId): Promise<void> {
      if (settings.drainOf(namespace, worker) !== null) await put(DRAIN_SETTING, namespace, worker, null)
    },
  }
}
