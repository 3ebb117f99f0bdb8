import { UserError } from '../../core/errors.ts'
import { slotOf } from '../../core/ids.ts'
import type { Reply } from '../../core/machine.ts'
import { asset as machine } from '../../machines/asset/machine.ts'
import { sampleKey } from '../../machines/asset/partitions.ts'
import type { AssetInput, AssetState } from '../../machines/asset/types.ts'
import type { Row } from '../../store/store.ts'
import { stateOf } from '../codec.ts'
import type { Desk } from '../desk.ts'
import type { Transaction } from '../work.ts'
import type { AssetCalls, AssetDetail, AssetView } from './face.ts'
import { assetId } from './ids.ts'
import { lineageOf, outletsOf } from './lineage.ts'
import { partitionsPage } from './partitions.ts'

export function assetCalls(desk: Desk): AssetCalls {
  const { store, world, definitions, available } = desk

  const stateNamed = async (namespace: string, name: string): Promise<AssetState | null> => {
    const row = await available(store.read.run(namespace, assetId(namespace, name)))
    return row === null ? null : assetStateOf(row)
  }
  const detail = async (namespace: string, name: string): Promise<AssetDetail> => {
    const state = await stateNamed(namespace, name)
    const producers = outletsOf(definitions, namespace).get(name)
    if (state === null && producers === undefined) throw notFound(name)
    return { ...viewOf(namespace, name, state, producers), watermark: state?.watermark ?? null, events: [...(state?.events ?? [])].reverse() }
  }

  return {
    async list(namespace, page) {
      const { rows, next } = await available(store.read.assets(namespace, page))
      const outlets = outletsOf(definitions, namespace)
      const states = new Map(rows.map(row => [row.name, assetStateOf(row)]))
      // Those that were never made stand among the others.
      const last = next === null ? null : (rows.at(-1) as Row).name
      const unmade = [...outlets.keys()].filter(name => name > (page.after ?? '') && (last === null || name <= last))
      const names = [...new Set([...states.keys(), ...unmade])].sort()
      const shown = names.slice(0, page.limit)
      const views = shown.map(name => viewOf(namespace, name, states.get(name) ?? null, outlets.get(name)))
      return { rows: views, next: next !== null || names.length > page.limit ? (shown.at(-1) as string) : null }
    },
    get: detail,
    async emit(namespace, name, { id, by, partition, extra }) {
      const input: AssetInput = {
        ...{ is: 'emit', command: id, by },
        ...(partition !== undefined && { partition }),
        ...(extra !== undefined && { extra }),
      }
      const { value, state } = await command(desk, namespace, name, input)
      return { n: value.n as number, isNew: value.isNew as boolean, consumers: state.consumers.length }
    },
    async declare(namespace, name, { id, by, ...change }) {
      const { value } = await command(desk, namespace, name, { is: 'declare', command: id, by, ...change })
      return { changed: value.changed as 'created' | 'edited' | 'unchanged' }
    },
    async partitions(namespace, name, filter, page) {
      const state = await stateNamed(namespace, name)
      if (state === null) {
        await detail(namespace, name)
        throw notPartitioned(name)
      }
      if (state.partitions === undefined) throw notPartitioned(name)
      return partitionsPage(state, filter, page, world.clock.now())
    },
    lineage: namespace => available(lineageOf(store.read, definitions, namespace)),
  }
}

export function assetStateOf(row: Row): AssetState {
  return stateOf(row).state as AssetState
}

function viewOf(namespace: string, name: string, state: AssetState | null, declared: AssetView['producers'] = []): AssetView {
  const seen = state?.producers ?? []
  const isOne = (one: Omit<AssetView['producers'][number], 'at'>, other: Omit<AssetView['producers'][number], 'at'>): boolean =>
    one.definition === other.definition && one.dag === other.dag && one.task === other.task
  const never = declared.filter(one => !seen.some(other => isOne(one, other)))
  return {
    ...{ name, namespace, description: state?.description ?? null, partitions: state?.partitions ?? null, count: state?.count ?? 0 },
    last: state?.events.at(-1) ?? null,
    producers: [...seen, ...never],
    consumers: [...(state?.consumers ?? [])],
  }
}

/** One command to one asset: its answer and what it is after it, once both are committed. */
function command(
  { submit, knownToAll }: Desk,
  namespace: string,
  name: string,
  input: AssetInput,
): Promise<{ value: Record<string, unknown>; state: AssetState }> {
  const id = assetId(namespace, name)
  let reply: Reply | undefined
  let state: AssetState
  return submit(slotOf(id), settle => ({
    ids: [id],
    bytes: 500 + JSON.stringify(input).length,
    execute(transaction) {
      knownToAll()
      reply = decided(transaction, namespace, name, input)
      state = transaction.actor(id)?.state as AssetState
    },
    done: () => {
      if (reply?.ok === true) settle.resolve({ value: JSON.parse(reply.value as string) as Record<string, unknown>, state })
      else settle.reject(reply === undefined ? stuck(name) : unknownPartition(input, state))
    },
    failed: settle.reject,
  }))
}

function decided(transaction: Transaction, namespace: string, name: string, input: AssetInput): Reply | undefined {
  const id = assetId(namespace, name)
  const known =
    transaction.actor(id) ?? transaction.create({ id, namespace, kind: 'asset', name, queue: '', createdAt: 0, tags: null, input: null }, machine)
  return transaction.apply(known, input)?.replies?.[0]?.reply
}

function notFound(name: string): UserError {
  return new UserError('asset-not-found', { found: name, hint: 'an asset is there once a definition or a schedule names it, or it has an event' })
}

function notPartitioned(name: string): UserError {
  return new UserError('not-partitioned', { found: name, hint: `say how it is cut: mainspring asset set ${name} --every day --start 2026-01-01` })
}

function stuck(name: string): UserError {
  return new UserError('unavailable', { retryAfter: 60, hint: `the asset "${name}" is stuck: see the log of its node` })
}

function unknownPartition(input: AssetInput, { partitions }: AssetState): UserError {
  const found = input.is === 'emit' ? input.partition : undefined
  const hint = partitions === undefined ? 'it has no partitions' : `its partitions are like "${sampleKey(partitions)}"`
  return new UserError('invalid-input', { at: '/partition', ...(found !== undefined && { found }), hint })
}
