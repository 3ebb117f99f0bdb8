import { expect, test } from 'vitest'
import { newId } from '../core/ids.ts'
import type { Kind } from '../core/machine.ts'
import { seeded } from '../core/seeded.ts'
import { openMemoryStore } from '../store/memory/store.ts'
import { ALL_SHARDS, type Row, type Store } from '../store/store.ts'
import type { Engine } from './face.ts'
import { TestClock } from './test-clock.ts'
import { TestNode } from './test-engine.ts'

const SIZES = { claimTtlMs: 400 }
const NAMES = Array.from({ length: 12 }, (_, n) => `s3://${n}`)
const id = (() => {
  const random = seeded(7)
  return () => newId(1_000, random)
})()

/** The store as a node sees it that knows no assets. */
function withoutAssets(store: Store): Store {
  const older = <T extends Row>(rows: T[]): T[] => rows.map(row => (row.kind === 'asset' ? { ...row, kind: 'later' as Kind } : row))
  return { ...store, loadActors: async (...given) => older(await store.loadActors(...given)) }
}

async function until(clock: TestClock, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let round = 0; round < 500; round++) {
    if (await holds()) return
    await clock.advance(20)
  }
  throw new Error('it does not come to it')
}

const emit = (engine: Engine, name: string) => engine.assets.emit('default', name, { id: id(), by: 'ana' })

test('a node that meets a kind that it does not know gives up its shards and says what to do; others serve them, and nothing is lost (E11)', async () => {
  const store = openMemoryStore()
  const clock = new TestClock()
  const newer = await TestNode.start(store, {}, { clock, sizes: SIZES })
  for (const name of NAMES) await emit(newer.engine, name)
  const starting = TestNode.start(withoutAssets(store), {}, { clock, sizes: SIZES, seed: 2 })
  const shards = async () => (await store.lanes()).map(lane => [lane.shards.length, lane.canHold])
  await until(clock, async () => {
    const held = await shards()
    return held.length === 2 && held.every(([count]) => (count as number) > 0)
  })
  const older = await starting

  for (const name of NAMES) await emit(older.engine, name).catch(() => {})
  await until(clock, () => !older.engine.serves() && newer.engine.serves())
  await until(clock, async () => (await shards()).some(([count]) => count === ALL_SHARDS.length))
  expect((await shards()).sort()).toEqual([
    [0, false],
    [ALL_SHARDS.length, true],
  ])
  expect(older.logged.filter(({ message }) => message.includes('upgrade it'))).toEqual([
    { message: 'a newer version has written what this node does not know: it gives up its shards; upgrade it', facts: { kind: 'later' } },
  ])
  for (const name of NAMES) expect((await newer.engine.assets.get('default', name)).count, 'what was acknowledged, and nothing twice').toBe(1)
  await until(clock, () => newer.engine.serves())
  await expect(emit(newer.engine, NAMES[0] as string), 'while it is there nothing is made that it does not know').rejects.toMatchObject({
    code: 'older-nodes',
    problem: { status: 409 },
  })
  await older.engine.stop()
  await until(clock, () =>
    emit(newer.engine, NAMES[0] as string).then(
      () => true,
      () => false,
    ),
  )
})

test('where nobody else can take over it serves nothing, and tells why (E11)', async () => {
  const store: Store = { ...openMemoryStore(), can: { share: false } }
  const clock = new TestClock()
  const newer = await TestNode.start(store, {}, { clock })
  await emit(newer.engine, 's3://sales')
  await newer.engine.stop()
  const older = await TestNode.start(withoutAssets(store), {}, { clock, seed: 2 })
  await emit(older.engine, 's3://sales').catch(() => {})
  await until(clock, () => !older.engine.serves())
  const said = /a newer version of Mainspring has written what this one does not know \("later"\)/
  await until(clock, () => said.test(older.engine.fault() ?? ''))
  await expect(emit(older.engine, 's3://sales')).rejects.toMatchObject({ code: 'unavailable', problem: { hint: expect.stringMatching(said) } })
})

test('what nodes of an older version do not know is refused while one is there, and done once it has gone (E11)', async () => {
  const store = openMemoryStore()
  const clock = new TestClock()
  const claim = { ...{ lane: id(), claim: id(), node: id(), nodeName: 'web-1:7', address: null }, wanted: ALL_SHARDS.slice(0, 64), dead: [] }
  const older = await store.ofForm1().claim(claim)
  let engine = null as Engine | null
  void TestNode.start(store, {}, { clock, sizes: { claimTtlMs: 60_000 } }).then(node => {
    engine = node.engine
  })
  await until(clock, () => engine !== null)
  const refused = { code: 'older-nodes', problem: { found: 'web-1:7' } }
  const outlets = [{ asset: 's3://sales' }]
  const definition = (options: object) => [{ kind: 'job' as const, name: 'report', version: '1', options, schema: null }]
  const register = () => (engine as Engine).definitions.register('default', definition({ outlets }))
  await expect(register()).rejects.toMatchObject(refused)
  await store.release(older)
  await until(clock, () =>
    register().then(
      () => true,
      () => false,
    ),
  )
})
