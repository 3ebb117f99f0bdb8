import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { openSqliteStore } from './store.ts'
import { spawnProgram, temporaryFolder } from './testing.ts'

const folder = temporaryFolder()
const ROWS = 20

test.each([1, 2, 3, 4])(
  'after kill -9 in the middle of commits the database is whole, and ends with the last batch that was answered or one later (%i)',
  async time => {
    const file = join(folder, `${time}.db`)
    const child = spawnProgram(`
    const store = await openSqliteStore({ file: ${JSON.stringify(file)}, nodeName: 'child' })
    const lane = await openLane(store)
    for (;;) {
      const batch = lane.batch({ born: Array.from({ length: ${ROWS} }, () => bornRow('x'.repeat(5000))) })
      print('sent', batch.id)
      const answer = await store.commit(batch)
      print(answer.is, batch.id)
      lane.sequence++
      lane.lastBatch = batch.id
    }`)
    const sent: string[] = []
    let answered = 0
    for await (const line of child.lines) {
      const [what, id] = line.split(' ') as [string, string]
      if (what === 'sent') sent.push(id)
      else expect(what).toBe('committed')
      answered += what === 'committed' ? 1 : 0
      if (answered >= 40 * time) child.process.kill('SIGKILL')
    }
    await child.ended

    // as the next server finds it
    const store = await openSqliteStore({ file, nodeName: 'parent' })
    await store.close()
    const database = new DatabaseSync(file)
    expect(database.prepare('pragma integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
    const lane = database.prepare('select sequence, last_batch as lastBatch from lane').get() as { sequence: number; lastBatch: string }
    expect([answered, answered + 1]).toContain(lane.sequence)
    expect(lane.lastBatch).toBe(sent[lane.sequence - 1])
    for (const table of ['run_open', 'run_tag'])
      expect(database.prepare(`select count(*) as count from ${table}`).get()).toEqual({ count: lane.sequence * ROWS })
    database.close()
  },
)

test.skipIf(process.platform === 'win32')(
  'where the disk takes no more, a commit is unknown, reads go on, and what was committed is there later',
  async () => {
    const file = join(folder, 'full.db')
    const child = spawnProgram(
      `
    process.on('SIGXFSZ', () => {})
    const store = await openSqliteStore({ file: ${JSON.stringify(file)}, nodeName: 'child' })
    const lane = await openLane(store)
    for (;;) {
      const batch = lane.batch({ born: [bornRow('x'.repeat(100_000))] })
      const answer = await store.commit(batch)
      if (answer.is !== 'committed') {
        print(answer.is, await store.settle(batch, id()), lane.sequence, (await store.read.runs({ namespace: 'default' }, { after: null, limit: 1000 })).rows.length)
        break
      }
      lane.sequence++
      lane.lastBatch = batch.id
    }
    await store.close()`,
      ['bash', '-c', 'ulimit -f 2000; exec "$0" "$@"'],
    )
    const words = String((await child.lines.next()).value).split(' ')
    await child.ended
    const [answer, settled, sequence, seen] = words
    expect(answer).toBe('unknown')
    expect(['unknown', 'out', 'in']).toContain(settled)
    expect(Number(seen)).toBe(Number(sequence))
    const store = await openSqliteStore({ file, nodeName: 'parent' })
    const { rows } = await store.read.runs({ namespace: 'default' }, { after: null, limit: 1_000 })
    await store.close()
    expect([Number(sequence), Number(sequence) + 1]).toContain(rows.length)
  },
)
