import type { RunHandle, StreamChunk } from '@mainspring/sdk'
import { afterAll, expect, test } from 'vitest'
import { LONG, type Server, Stage, until, type WorkerChild } from './support/processes.ts'
import { speech, WORDS } from './support/workflow-jobs.ts'

const KILLS = LONG ? 20 : 2
const RUNS = 6

const stage = new Stage()
afterAll(() => stage.end())

type Chunk = StreamChunk<string | number>
const heardOf = async (run: RunHandle<unknown>, heard: Chunk[]): Promise<void> => {
  for await (const chunk of run.stream<string | number>('said')) heard.push(chunk)
}
/** What stands, for somebody who drops what is void. */
const standing = (chunks: readonly Chunk[]): unknown[] =>
  chunks
    .reduce<Chunk[]>((kept, chunk) => [...(chunk.restarted ? kept.filter(({ step }) => step !== chunk.step) : kept), chunk], [])
    .map(({ value }) => value)

test(`who follows a stream has each chunk once over ${KILLS} kill -9 of the server and as many of the worker, and nothing is missing`, {
  timeout: LONG ? 900_000 : 170_000,
}, async () => {
  const database = stage.file('main.db')
  let server: Server = await stage.server({ database, lease: '1s' })
  const client = server.client()
  let made = 0
  const worker = (): WorkerChild => stage.worker({ url: server.url, slots: 10, name: `worker-${++made}`, jobs: 'workflows' })
  let current = worker()
  const runs = await client.startMany(
    speech,
    Array.from({ length: RUNS }, (_, n) => ({ input: `run ${n}` })),
  )
  const heard = runs.map((): Chunk[] => [])
  const following = runs.map((run, index) => heardOf(run, heard[index] as Chunk[]))
  const more = (): Promise<void> => {
    const before = heard.flat().length
    return until('more is said', () => heard.flat().length > before + 100)
  }
  for (let kill = 0; kill < KILLS; kill++) {
    await more()
    await current.kill('SIGKILL')
    current = worker()
    await more()
    await server.kill('SIGKILL')
    server = await stage.server({ database, port: server.port, lease: '1s' })
  }
  await Promise.all([...following, ...runs.map(run => run.result())])

  for (const [index, run] of runs.entries()) {
    const chunks = heard[index] as Chunk[]
    expect(chunks.map(({ n }) => n)).toEqual([...chunks.keys()])
    expect(standing(chunks)).toEqual([`run ${index} begins`, ...Array(WORDS).keys(), `run ${index} ends`])
    const again: Chunk[] = []
    await heardOf(run, again)
    expect(again).toEqual(chunks)
  }
  expect(heard.flat().filter(({ restarted }) => restarted).length, 'the kills took a step').toBeGreaterThan(0)
})
