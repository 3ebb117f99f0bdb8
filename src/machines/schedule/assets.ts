import type { LedgerEntry } from '../../core/ledger.ts'
import type { Context, Message } from '../../core/machine.ts'
import type { TriggerAssetEvent, TriggerAssets } from '../../core/run.ts'
import { assetsIn, holds } from '../asset/expression.ts'
import type { AssetEvent, AssetInput } from '../asset/types.ts'
import type { Step } from './finish.ts'
import { startMessage, withRun } from './start.ts'
import { evolve, isBusy } from './state.ts'
import type { AssetWait, ScheduleEvent } from './types.ts'
import { askAgainAt } from './waits.ts'

/**
 * A schedule that waits for assets (machines/asset): it asks each to tell of its events, keeps them, and starts one run with all of them once what it waits for
 * holds; then it waits anew. So each event has a part in one run (Airflow 3: an asset counts once it has an event since the last run that assets triggered).
 *
 * While it is paused events are kept, and count for nothing: the next run gets them, but they trigger none (Airflow 3: no event is queued for a paused DAG).
 * With an overlap policy other than `allow` events wait until no run is open.
 */

/** Names of assets in a line of the ledger. */
const NAMED_MAX = 3

/** Those that it waits for are asked until they have answered; others are told once, and again whenever they speak. */
export function linkAssets(step: Step, context: Context): Step {
  const { state } = step
  const { assets = {}, spec } = state
  if (spec.assets === undefined && state.assets === undefined) return step
  const wanted = state.deletedAt === null && spec.assets !== undefined ? assetsIn(spec.assets) : []
  const isLate = (wait: AssetWait): boolean => !wait.linked && askAgainAt(wait) <= context.now
  const asked = wanted.filter(name => assets[name] === undefined || isLate(assets[name]))
  const left = Object.keys(assets).filter(name => !wanted.includes(name))
  return asked.length === 0 && left.length === 0 ? step : asking(step, asked, left, context)
}

/** All are asked anew, and tell what it does not know. */
export function relinked(step: Step, context: Context): Step {
  const asked = Object.keys(step.state.assets ?? {})
  return asked.length === 0 ? step : asking(step, asked, [], context)
}

function asking(step: Step, asked: readonly string[], left: readonly string[], context: Context): Step {
  const { state } = step
  const event: ScheduleEvent = { is: 'assets_asked', at: context.now, assets: asked, left }
  const { self } = context
  const messages = [
    ...asked.map(name => tellAsset(name, { is: 'subscribe', schedule: self, name: state.name, after: state.assets?.[name]?.heard ?? null }, context)),
    ...left.map(name => tellAsset(name, { is: 'unsubscribe', schedule: self }, context)),
  ]
  return { state: evolve(state, event), events: [...step.events, event], messages: [...step.messages, ...messages] }
}

/** What a schedule says to an asset. */
export function tellAsset(name: string, input: AssetInput, { asset }: Context): Message {
  const to = (asset as NonNullable<Context['asset']>)(name)
  return { is: 'tell', to, input, ...(input.is === 'subscribe' && { creates: { kind: 'asset' as const, name } }) }
}

/** One run for all events so far. */
export function fireAssets(step: Step, context: Context): Step {
  const { state } = step
  const { assets, spec, paused, deletedAt, buffered } = state
  if (spec.assets === undefined || assets === undefined || paused !== null || deletedAt !== null) return step
  if (!holds(spec.assets, name => assets[name]?.isNew === true)) return step
  if (spec.overlap !== 'allow' && (isBusy(state) || buffered.length > 0)) return step
  const { now: at } = context
  const line: LedgerEntry = {
    ...{ n: state.next, source: 'asset', at, until: at, count: 1, account: 'intended', run: null, lateMs: null, why: null },
    ...{ note: named(assets), accountedAt: at },
  }
  const entry = withRun(state, line, context)
  const event: ScheduleEvent = { is: 'assets_fired', at, n: entry.n, assets: triggerOf(assets), entries: [entry] }
  const after = evolve(state, event)
  return { state: after, events: [...step.events, event], messages: [...step.messages, startMessage(after, entry, context, false)] }
}

function triggerOf(assets: Readonly<Record<string, AssetWait>>): TriggerAssets {
  const events = Object.entries(assets).flatMap(([asset, wait]) => wait.events.map(event => given(asset, event)))
  const more = Object.values(assets).reduce((sum, wait) => sum + wait.more, 0)
  return { events, ...(more > 0 && { more }) }
}

function given(asset: string, { n, at, source, partition, extra }: AssetEvent): TriggerAssetEvent {
  return {
    ...{ asset, n, at },
    ...(source.is === 'run' ? { run: source.run } : source.by !== undefined && { by: source.by }),
    ...(partition !== undefined && { partition }),
    ...(extra !== undefined && { extra }),
  }
}

function named(assets: Readonly<Record<string, AssetWait>>): string {
  const names = Object.entries(assets).flatMap(([name, { events }]) => (events.length > 0 ? [name] : []))
  return `${names.slice(0, NAMED_MAX).join(', ')}${names.length > NAMED_MAX ? ` and ${names.length - NAMED_MAX} more` : ''}`
}
