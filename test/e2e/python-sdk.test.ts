import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import {
  type Client,
  connect,
  type RunHandle,
  type StoredFile,
  type StreamChunk,
  type WireArtifact,
  type WireArtifacts,
  type WireRunDetail,
} from '@mainspring/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROOT } from '../../scripts/run.ts'
import { Place, type Running } from './support/place.ts'

const found = spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))'])
// Where tests are counted it is not missing: there the first of them fails and says so.
const skip = process.platform === 'win32' || (found.status !== 0 && !process.env.CI)
const LEASE_MS = 1_000

const JOBS = `
import threading, time
from mainspring import Abort, RetryAfter, Snooze, job

@job("double")
def double(input):
    return input * 2

@job("flaky", retry={"attempts": 3, "initial": "50ms"})
def flaky(input, task):
    task.log.info("trying", attempt=task.attempt)
    print("printed")
    if task.attempt < 3:
        raise KeyError("not yet")
    return {"attempt": task.attempt, "key": task.task_key}

@job("aborts", retry={"attempts": 3, "initial": "50ms"})
def aborts(input):
    raise Abort("never")

@job("asks-for-time", retry={"attempts": 2, "initial": "1h"})
def asks_for_time(input, task):
    if task.attempt == 1:
        raise RetryAfter(0.05)
    return task.attempt

@job("looks-up")
def looks_up(input, task):
    task.artifact.table("rows", [{"a": 1}, {"b": "x"}], title="Rows")
    task.artifact.markdown("notes", "first")
    task.artifact.markdown("notes", "second")
    return [task.variable("limits"), task.variable("none", 5), task.connection("warehouse")["host"]]

@job("loads", outlets=["s3://sales", "s3://rates"])
def loads(input, task):
    task.asset("s3://sales", extra={"rows": 1})
    task.asset("s3://sales", partition="de", extra={"rows": 2})

@job("told")
def told(input, task):
    return [[event["asset"], event["n"], event.get("partition"), event.get("extra")] for event in task.asset_events]

@job("goes-on", outlets=["db://orders"])
def goes_on(input, task):
    since, orders = task.watermark() or 0, task.watermark("db://orders") or 0
    task.set_watermark("x" * 16382 if input == "much" else since + 10)
    task.asset("db://orders", watermark=orders + 1)
    if input == "fails":
        raise Abort("never")
    return [since, orders]

@job("too-much", outlets=["s3://sales"], retry={"attempts": 1})
def too_much(input, task):
    task.asset("s3://sales", extra="x" * 2049)

@job("speaks", retry={"attempts": 2, "initial": "10ms"})
def speaks(input, task):
    answer = task.stream("answer")
    for word in ["two", "words"]:
        answer.write({"word": word})
    if task.attempt == 1:
        raise RuntimeError("after two")
    for n in range(2500):
        answer.write(n)
    task.stream("empty").write(None)

@job("speaks-loud", retry={"attempts": 2, "initial": "10ms"})
def speaks_loud(input, task):
    for n in range(33):
        task.stream(f"s{n}").write(n)
@job("gives-much")
def gives_much(input, task):
    file = task.files.put("rows.csv", ("é%d\\n" % n for n in range(input)), type="text/csv")
    return {"rows": ["é😀" * 100] * input, "file": file}

@job("takes-much")
def takes_much(input, task):
    assert b"".join(task.files.read(input["file"])).decode() == "".join("é%d\\n" % n for n in range(len(input["rows"])))
    return [len(input["rows"]), input["rows"][-1] == "é😀" * 100]

@job("naps")
def naps(input, task):
    if task.checkpoint is None:
        task.save({"napped": True})
        raise Snooze(0.05)
    return [task.checkpoint, task.attempt]

@job("slow")
def slow(input, task):
    """Counts up to \`to\`, ten a second, from where an earlier attempt was."""
    state = task.checkpoint or {"n": 0, "from": []}
    state = {"n": state["n"], "from": state["from"] + [state["n"]]}
    while state["n"] < input["to"]:
        task.sleep(0.1)
        state["n"] += 1
        task.save(state)
        task.progress(state["n"] / input["to"], f"at {state['n']}")
    return state

@job("times-out", timeout="1s", retry={"attempts": 1})
def times_out(input, task):
    while True:
        task.sleep(0.05)

@job("stubborn")
def stubborn(input, task):
    task.progress(0.1)
    time.sleep(600)

@job("large", retry={"attempts": 3, "initial": "10ms"})
def large(input):
    return "x" * input

@job("no-json", retry={"attempts": 3, "initial": "10ms"})
def no_json(input):
    return {"lock": threading.Lock()}

@job("starts", retry={"attempts": 2, "initial": "10ms"})
def starts(input, task):
    run = task.start("double", 21)
    if task.attempt == 1:
        raise RuntimeError("after the start")
    return {"run": run.id, "result": run.result(timeout=20)}
`

describe(`the Python SDK${skip ? ', which needs Python 3.9 or newer' : ''}`, { skip }, () => {
  let place: Place
  let client: Client
  let server: Running
  let worker: Running

  const startWorker = async (...flags: string[]): Promise<Running> => {
    const url = `http://127.0.0.1:1,${place.url}` // the first of these nodes is gone
    const environment = { PYTHONPATH: join(ROOT, 'sdk/python'), MAINSPRING_URL: url, PYTHONDONTWRITEBYTECODE: '1' }
    const started = place.start('python3', ['-m', 'mainspring', 'worker', 'jobs.py', '--slots', '20', ...flags], environment)
    await started.printed(/serves double/)
    return started
  }
  const python = (code: string): Running =>
    place.start('python3', ['-c', code], { PYTHONPATH: join(ROOT, 'sdk/python'), PYTHONDONTWRITEBYTECODE: '1' })
  /** Some of it is done, and the lease was kept for longer than it lasts. */
  const underWay = async (run: RunHandle<unknown>): Promise<void> => {
    const begun = performance.now()
    for await (const event of run.events()) if (event.is === 'run' && event.run.progress && performance.now() - begun > 1.5 * LEASE_MS) return
    throw new Error('it ended before')
  }

  beforeAll(async () => {
    place = await Place.open()
    place.write('jobs.py', JOBS)
    server = await place.server('--lease', `${LEASE_MS}ms`)
    worker = await startWorker()
    client = connect({ url: place.url })
  })
  afterAll(async () => {
    await client?.close()
    await place?.[Symbol.asyncDispose]()
  })

  test('large results and files are kept, and read by whoever has them', async () => {
    // With every character escaped, as Python writes JSON, 2.7 MB.
    const run = await client.start('gives-much', 1_500)
    const given = (await run.result()) as { rows: string[]; file: StoredFile }
    expect(given.rows).toEqual(Array.from({ length: 1_500 }, () => 'é😀'.repeat(100)))
    const csv = Array.from({ length: 1_500 }, (_, n) => `é${n}\n`).join('')
    expect(await text(run.file(given.file))).toBe(csv)
    const { output } = await client.call<WireRunDetail>('runs.get', { run: run.id })
    expect(output).toMatchObject({ $type: 'Kept', value: { run: run.id } })
    // As a DAG hands it on.
    const { run: next } = await client.call<{ run: string }>('runs.start', {}, { definition: 'takes-much', input: output })
    expect(await client.handle(next).result()).toEqual([1_500, true])
    const get = async (path: string) => fetch(`${place.url}/v1/namespaces/default/runs/${run.id}/${path}`)
    const file = await get('files/rows.csv')
    expect([file.headers.get('content-type'), file.headers.get('content-disposition')]).toEqual(['text/csv', "attachment; filename*=UTF-8''rows.csv"])
    expect(await file.text()).toBe(csv)
    expect(await (await get('result')).json()).toEqual(given)
    expect((await get('files/none')).status).toBe(404)
    expect(await python(`from mainspring import Client; print(len(Client("${place.url}").run("${run.id}").result()["rows"]))`).ended).toBe(0)
  })

  test('variables and connections are asked for, and artifacts kept', async () => {
    await client.call('variables.set', { name: 'limits' }, { value: { rows: 7 } })
    await client.call('connections.set', { name: 'warehouse' }, { uri: 'postgres://db' })
    const run = await client.start('looks-up')
    expect(await run.result()).toEqual([{ rows: 7 }, 5, 'db'])
    const { artifacts } = await client.call<WireArtifacts>('runs.artifacts', { run: run.id })
    const values = artifacts.map(async ({ name }) => (await client.call<WireArtifact>('runs.artifact', { run: run.id, name })).value)
    expect(await Promise.all(values)).toEqual([
      'second',
      {
        columns: ['a', 'b'],
        rows: [
          [1, null],
          [null, 'x'],
        ],
      },
    ])
  })

  const chunksOf = async (run: RunHandle<unknown>, name: string): Promise<StreamChunk[]> => {
    const chunks: StreamChunk[] = []
    for await (const chunk of run.stream(name)) chunks.push(chunk)
    return chunks
  }

  test('what a handler says of its outlets is in their events, and whom these trigger is told of them', async () => {
    await client.call('schedules.put', { name: 'told' }, { target: 'told', assets: ['s3://sales', 's3://rates'] })
    await (await client.start('loads')).result()
    expect((await client.assets.get('s3://sales')).last).toMatchObject({ partition: 'de', extra: { rows: 2 } })
    const triggered = async (): Promise<unknown> => {
      const { runs } = await client.runs.list({ job: 'told' })
      return runs[0] && client.handle(runs[0].id).result()
    }
    await expect.poll(triggered, { timeout: 60_000 }).toEqual([
      ['s3://sales', 1, 'de', { rows: 2 }],
      ['s3://rates', 1, null, null],
    ])
    await expect((await client.start('too-much')).result()).rejects.toMatchObject({ cause: { message: expect.stringContaining('2048 characters') } })
  })

  test('how far a schedule and an asset have come is read, and said where the run completes', async () => {
    await client.call('schedules.put', { name: 'on' }, { target: 'goes-on', cron: '0 0 1 1 *', input: '{{schedule}}' })
    const trigger = async () => client.schedules.trigger('on')
    expect(await (await trigger()).result()).toEqual([0, 0])
    expect(await (await trigger()).result()).toEqual([10, 1])
    for (const input of ['fails', 'much']) await (await client.start('goes-on', input)).result().catch(() => {})
    expect((await client.assets.get('db://orders')).watermark?.value).toBe(3)
    await client.schedules.setWatermark('on', { id: 7 })
    expect((await client.schedules.get('on')).watermark).toMatchObject({ value: { id: 7 } })
    expect(await client.assets.get('db://none').catch(({ code }) => code)).toBe('asset-not-found')
  })

  test('chunks are kept in their order before the attempt ends; those of the attempt before are void, more streams than a run has are refused', async () => {
    const run = await client.start('speaks')
    await run.result()
    const chunks = await chunksOf(run, 'answer')
    const words = [{ word: 'two' }, { word: 'words' }]
    expect(chunks.map(({ value }) => value)).toEqual([...words, ...words, ...Array.from({ length: 2500 }, (_, n) => n)])
    expect(chunks.flatMap(({ restarted, n }) => (restarted ? [n] : []))).toEqual([2])
    expect((await chunksOf(run, 'empty')).map(({ value, attempt }) => [value, attempt])).toEqual([[null, 2]])
    const loud = await client.start('speaks-loud')
    await expect(loud.result()).rejects.toMatchObject({ cause: { message: expect.stringContaining('32 names') } })
    expect((await loud.get()).attempt).toBe(1)
  })

  test('300 runs are done, each once', async () => {
    const runs = await client.startMany(
      'double',
      Array.from({ length: 300 }, (_, input) => ({ input })),
    )
    expect(await Promise.all(runs.map(run => run.result()))).toEqual(runs.map((_, n) => n * 2))
  })

  test('a failure is tried again by the policy of the code, with what was logged and printed kept by attempt', async () => {
    const run = await client.start('flaky')
    expect(await run.result()).toEqual({ attempt: 3, key: expect.stringContaining(run.id) })
    const { lines } = await client.call<{ lines: { attempt: number; message: string; fields?: unknown }[] }>('runs.logs', { run: run.id })
    expect(lines.map(({ attempt, message, fields }) => [attempt, message, fields])).toEqual(
      [1, 2, 3].flatMap(attempt => [
        [attempt, 'trying', { attempt }],
        [attempt, 'printed', undefined],
      ]),
    )
  })

  test('the failure says type, message and stack', async () => {
    const run = await client.start('flaky', null, { retry: { attempts: 1 } })
    await expect(run.result()).rejects.toMatchObject({ cause: { name: 'KeyError', message: "'not yet'" } })
    expect((await run.get()).failure?.stack).toMatch(/jobs\.py", line \d+, in flaky/)
  })

  test('Abort is not tried again, RetryAfter when it says, Snooze goes on with the same attempt and its checkpoint', async () => {
    const [aborted, later, napped] = await Promise.all(['aborts', 'asks-for-time', 'naps'].map(name => client.start(name)))
    await expect(aborted!.result()).rejects.toMatchObject({ code: 'run-failed', cause: { message: 'never' } })
    expect((await aborted!.get()).attempt).toBe(1)
    expect(await later!.result()).toBe(2)
    expect(await napped!.result()).toEqual([{ napped: true }, 1])
  })

  test('an output that is too large, or no JSON, is a failure of that run alone, and is not tried again', async () => {
    const [large, none, small] = [await client.start('large', 17_000_000), await client.start('no-json'), await client.start('large', 3)]
    await expect(large!.result()).rejects.toMatchObject({ cause: { message: expect.stringContaining('16777216 are possible') } })
    await expect(none!.result()).rejects.toMatchObject({ cause: { message: expect.stringContaining('the output is not JSON') } })
    expect(await small!.result()).toBe('xxx')
    expect([(await large!.get()).attempt, (await none!.get()).attempt]).toEqual([1, 1])
  })

  test('a run that is started by a handler is the same when the handler is tried again', async () => {
    const run = await client.start('starts')
    const { run: child, result } = (await run.result()) as { run: string; result: number }
    expect(result).toBe(42)
    expect(await client.handle(child).get()).toMatchObject({ trigger: { is: 'job', run: run.id } })
    expect((await client.runs.list({ job: 'double', limit: 2 })).runs.filter(({ trigger }) => trigger.is === 'job')).toHaveLength(1)
  })

  test('a cancellation reaches the handler that runs, and its lease was kept until then', async () => {
    const run = await client.start('slow', { to: 10_000 })
    await underWay(run)
    await run.cancel()
    await expect(run.result()).rejects.toMatchObject({ code: 'run-cancelled' })
    await worker.printed(new RegExp(`cancelled: accepted ${run.id}`))
    expect((await run.get()).attempt).toBe(1)
  })

  test('the time of an attempt ends it, and its handler is asked to stop', async () => {
    const run = await client.start('times-out')
    await expect(run.result()).rejects.toMatchObject({ code: 'run-failed' })
    expect(await run.get()).toMatchObject({ reason: 'timed_out' })
    await worker.printed(new RegExp(`(lost:|failed: (closed|superseded)) ${run.id}`))
  })

  test('it goes on when the server is killed and started again', async () => {
    const run = await client.start('slow', { to: 30 })
    await underWay(run)
    server.kill('SIGKILL')
    await server.ended
    server = await place.server('--lease', `${LEASE_MS}ms`)
    expect(await run.result()).toMatchObject({ n: 30 })
    expect((await run.get()).attempt).toBe(1)
  })

  test('kill -9 of a worker in the middle of a task: the next attempt goes on from the checkpoint, elsewhere', async () => {
    const run = await client.start('slow', { to: 60 }, { retry: { initial: '10ms' } })
    await underWay(run)
    worker.kill('SIGKILL')
    await worker.ended
    worker = await startWorker()
    const { n, from } = (await run.result()) as { n: number; from: number[] }
    expect(n).toBe(60)
    expect(from[0]).toBe(0)
    expect(from.at(-1), 'it began where the first had got to').toBeGreaterThan(0)
    expect((await run.get()).attempt).toBeGreaterThan(1)
  })

  test('SIGTERM gives back what runs, with its checkpoint: that counts no attempt; what does not stop is given back too', async () => {
    const run = await client.start('slow', { to: 40 })
    await underWay(run)
    const deaf = await client.start('stubborn')
    for await (const event of deaf.events()) if (event.is === 'run' && event.run.state === 'running') break
    worker.stop()
    expect(await worker.exits()).toMatch(/given back: 1\n(.*\n)*stopped\n$/)
    expect([(await run.get()).state, (await deaf.get()).state]).toEqual(['queued', 'queued'])
    await deaf.cancel()
    worker = await startWorker('--grace', '0.5')
    expect(await run.result()).toMatchObject({ n: 40 })
    expect((await run.get()).attempt).toBe(1)
  })

  test('its client starts runs, waits for them, and tells how they ended', async () => {
    const printed = await python(`
from mainspring import Client, RunFailed
client = Client()
print([run.result(timeout=20) for run in client.start_many("double", [1, 2])])
first, second = client.start("double", 5, key="five"), client.start("double", 5, key="five")
print(first.id == second.id, first.result())
try:
    client.start("aborts").result(timeout=20)
except RunFailed as error:
    print(error.run["failure"]["message"])
try:
    client.start("nobody")
except Exception as error:
    print(error.code)
run = client.start("slow", {"to": 1000})
run.cancel("enough")
try:
    run.result(timeout=20)
except Exception as error:
    print(type(error).__name__)
`).exits()
    expect(printed.split('\n')).toEqual(['[2, 4]', 'True 10', 'never', 'unknown-definition', 'RunCancelled', ''])
  })

  test('a mistake in its arguments is told before anything is asked of the server', async () => {
    place.write('empty.py', 'x = 1\n')
    const run = place.start('python3', ['-m', 'mainspring', 'worker', 'empty.py'], { PYTHONPATH: join(ROOT, 'sdk/python') })
    expect(await run.exits(2)).toBe('empty.py has no job: put @job("name") over a function\n')
  })
})
