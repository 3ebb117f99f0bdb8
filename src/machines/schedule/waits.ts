import type { TriggerAssets } from '../../core/run.ts'
import type { Instant } from '../../core/time.ts'
import type { AssetWait, ScheduleEvent, ScheduleState } from './types.ts'

/** Events that a run is given one by one, and characters of all that they say beside. */
const GIVEN_MAX = 100
/** An asset that tells too many others is asked again after so long. */
const FULL_AGAIN_MS = 60_000
/** One that has not answered is asked again after so long. */
const AGAIN_MS = 10_000

type Of<Is extends ScheduleEvent['is']> = ScheduleEvent & { is: Is }

export function evolveAssets(
  state: ScheduleState,
  event: Of<'assets_asked'> | Of<'asset_linked'> | Of<'asset_heard'> | Of<'assets_fired'>,
): ScheduleState {
  const { assets = {} } = state
  switch (event.is) {
    case 'assets_asked': {
      const kept = Object.entries(assets).filter(([name]) => !event.left.includes(name))
      const asked = event.assets.map(name => [name, { ...(assets[name] ?? NEW), linked: false, askedAt: event.at }] as const)
      return { ...state, assets: Object.fromEntries([...kept, ...asked]) }
    }
    case 'asset_linked': {
      const { full: _, ...wait } = assets[event.asset] as AssetWait
      const linked: AssetWait = event.full ? { ...wait, full: true } : { ...wait, linked: true, heard: wait.heard ?? event.n }
      return { ...state, assets: { ...assets, [event.asset]: linked } }
    }
    case 'asset_heard':
      return { ...state, assets: { ...assets, [event.asset]: withEvent(assets[event.asset] as AssetWait, event, Object.keys(assets).length) } }
    case 'assets_fired': {
      const waits = Object.entries(assets).map(([name, wait]) => [name, { ...wait, isNew: false, events: [], more: 0 }] as const)
      return { ...state, assets: Object.fromEntries(waits), carried: { ...state.carried, [event.n]: event.assets } }
    }
  }
}
const NEW: AssetWait = { linked: false, askedAt: 0, heard: null, isNew: false, events: [], more: 0 }

function withEvent(wait: AssetWait, { event, isNew }: Of<'asset_heard'>, assets: number): AssetWait {
  const events = [...wait.events, event].slice(-Math.max(1, Math.floor(GIVEN_MAX / assets)))
  const more = wait.more + wait.events.length + 1 - events.length
  return { ...wait, heard: event.n, isNew: wait.isNew || isNew, events, more }
}

/** What triggered a run is kept until its start is answered. */
export function withoutAnswered(state: ScheduleState): ScheduleState {
  const { carried, outstanding } = state
  if (carried === undefined) return state
  const left = Object.entries(carried).filter(([n]) => outstanding.some(line => line.n === Number(n)))
  const { carried: _, ...rest } = state
  return left.length === 0 ? rest : { ...rest, carried: Object.fromEntries(left) }
}

export function askAgainAt({ full, askedAt }: AssetWait): Instant {
  return askedAt + (full ? FULL_AGAIN_MS : AGAIN_MS)
}

/** When an asset is asked again; null: all that it waits for tell of their events. */
export function linkAt({ assets = {} }: ScheduleState): Instant | null {
  let at: Instant | null = null
  for (const wait of Object.values(assets)) if (!wait.linked && (at === null || askAgainAt(wait) < at)) at = askAgainAt(wait)
  return at
}

/** A run is for the partition that all its events name. */
export function partitionOfAll({ events, more = 0 }: TriggerAssets): string | undefined {
  const first = events[0]?.partition
  return more === 0 && events.every(({ partition }) => partition === first) ? first : undefined
}
