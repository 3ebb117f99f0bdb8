import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Abort, Client, job } from '@mainspring/sdk'
import { startWorker, type Worker } from '@mainspring/sdk/worker'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { loadConfig } from '../server/config.ts'
import { type Node, openNode } from '../server/node.ts'
import { main } from './main.ts'
import { plainPaint } from './output/words.ts'

const directory = mkdtempSync(join(tmpdir(), 'mainspring-cli-'))
let node: Node
let worker: Worker
const open = Promise.withResolvers<void>()

const echo = job('echo', async (value: unknown, ctx) => {
  ctx.log.info('echoing', { value })
  return value
})
const bad = job('bad', async () => {
  throw new Abort('no good')
})
const only = job('only', { unique: 'name' }, async () => {})
const slow = job('slow', { queue: 'slow' }, async (_: unknown, ctx) => {
  await Promise.race([open.promise, new Promise((_resolve, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason)))])
})

beforeAll(async () => {
  node = await openNode(loadConfig({ directory, flags: { port: '0', logLevel: 'silent' } }))
  worker = startWorker({ jobs: [echo, bad, only, slow], client: new Client({ url: node.url }), slots: 4, name: 'tester' })
  await worker.ready
})
afterAll(async () => {
  open.resolve()
  await worker.stop()
  await node.stop()
  rmSync(directory, { recursive: true, force: true })
})

async function mainspring(...given: string[]): Promise<{ code: number; out: string; error: string }> {
  return mainspringIn({ MAINSPRING_URL: node.url }, given)
}
async function mainspringIn(
  environment: Record<string, string>,
  given: string[],
  out: string[] = [],
): Promise<{ code: number; out: string; error: string }> {
  const errors: string[] = []
  const code = await main(given, {
    out: text => out.push(text),
    error: text => errors.push(text),
    paint: plainPaint,
    environment,
    directory,
    now: () => Date.now(),
  })
  return { code, out: out.join('\n'), error: errors.join('\n') }
}
async function started(...given: string[]): Promise<string> {
  return (JSON.parse((await mainspring('start', ...given, '--json')).out) as { run: string }).run
}

test('start --follow prints log lines and the result as they come, and ends with the outcome', async () => {
  const { code, out } = await mainspring('start', 'echo', '{"a":1}', '--follow')
  expect(code).toBe(0)
  expect(out).toMatch(/^started \w{5}\n/)
  expect(out).toMatch(/\n\d\d:\d\d:\d\d {2}echoing \{"value":\{"a":1\}\}\n/)
  expect(out).toMatch(/\necho \w{5} completed in .*\n\{"a":1\}$/)
})

test('start --follow of a run that fails ends with 1 and shows its error', async () => {
  const { code, out } = await mainspring('start', 'bad', '--follow')
  expect([code, out]).toEqual([1, expect.stringMatching(/bad \w{5} failed .*\(aborted\)\nAbort: no good/)])
})

test('start --wait answers when the run has ended; as data it is one document a line', async () => {
  expect(await mainspring('start', 'echo', '5', '--wait')).toMatchObject({ code: 0, out: expect.stringMatching(/^echo \w{5} completed in .*\n5$/) })
  const lines = (await mainspring('start', 'echo', '5', '--follow', '--json')).out
    .split('\n')
    .map(line => JSON.parse(line) as { is: string; output?: unknown })
  expect(lines[0]).toMatchObject({ is: 'started' })
  expect(lines.at(-1)).toMatchObject({ is: 'ended', output: 5 })
})

test('a key starts at most one run', async () => {
  const run = await started('echo', '1', '--key', 'one')
  const again = await mainspring('start', 'echo', '1', '--key', 'one')
  expect(again.out).toContain(`key: ${run.slice(-5)} was started with it before; nothing started`)
  expect(await mainspring('start', 'echo', '2', '--key', 'one')).toMatchObject({ code: 2, error: expect.stringContaining('[key-conflict]') })
})

test('a unique job that is open is followed in place of a start, and explain says why', async () => {
  const run = await started('only', '--delay', '1h')
  expect(await mainspring('start', 'only')).toMatchObject({
    code: 0,
    out: expect.stringContaining(`unique: ${run.slice(-5)} is open; nothing started`),
  })
  expect((await mainspring('explain', run)).out).toContain('unique by name: while it is open, a start like it is answered with this run')
  const printed: string[] = []
  const following = mainspringIn({ MAINSPRING_URL: node.url }, ['start', 'only', '--follow'], printed)
  await vi.waitUntil(() => printed.length > 0)
  await mainspring('cancel', run)
  expect((await following).out).toMatch(new RegExp(`^unique: ${run.slice(-5)} is open; nothing started, following that\\n`))
})

test('a run can be listed, shown, explained, cancelled and retried by the end of its id', async () => {
  const run = await started('slow', '--delay', '1h', '--tag', 'team=media', '--priority', '7')
  const short = run.slice(-5)
  expect((await mainspring('list', '--tag', 'team=media', '--state', 'scheduled')).out).toMatch(
    new RegExp(`\\n${short} +slow +scheduled +\\d/\\d+ +slow +.* due in (59m \\d\\ds|1h 00m)`),
  )
  expect((await mainspring('show', short)).out).toMatch(/queue +slow, priority 7[\s\S]*tags +team=media/)
  expect((await mainspring('explain', short)).out).toMatch(/It does not run because\n {2}1\. /)
  expect((await mainspring('change', short, '--queue', 'later', '--priority', '9', '--delay', '2h', '--why', 'no hurry')).out).toMatch(
    new RegExp(`^slow ${short} is changed: scheduled in queue "later", priority 9, due 20\\d\\d-`),
  )
  expect((await mainspring('list', '--queue', 'later')).out).toContain(short)
  expect(await mainspring('change', short)).toMatchObject({ code: 2 })
  expect(await mainspring('resume', short)).toMatchObject({ code: 2 })
  expect(await mainspring('cancel', short, '--why', 'enough')).toMatchObject({ code: 0, out: `slow ${short} cancelled.` })
  expect((await mainspring('show', short)).out).toContain('enough')
  expect((await mainspring('explain', short)).out).toContain('It ended because')
  expect((await mainspring('retry', short)).out).toMatch(new RegExp(`^started \\w{5}, a retry of ${short}\n`))
})

test('a run that runs can be terminated, and its log lines read', async () => {
  const run = await started('slow')
  expect(await mainspring('terminate', run)).toMatchObject({ code: 0, out: `slow ${run.slice(-5)} terminated.` })
  const other = await started('echo', '"x"')
  expect((await mainspring('logs', other, '--follow')).out).toMatch(/^\d\d:\d\d:\d\d {2}echoing \{"value":"x"\}$/)
  expect((await mainspring('logs', other)).out).toMatch(/echoing/)
})

test('a queue and a definition can be paused, and go on', async () => {
  for (const noun of ['queue', 'definition']) {
    const name = noun === 'queue' ? 'slow' : 'echo'
    expect((await mainspring(noun, 'pause', name, '--note', 'CDN')).out).toBe(`${noun} "${name}" is paused. Undo: mainspring ${noun} resume ${name}`)
    expect((await mainspring(noun, 'ls')).out).toMatch(new RegExp(`\\n${name} .* since \\d\\d:\\d\\d:\\d\\d.*: "CDN"`))
    expect((await mainspring()).out).toContain(`mainspring ${noun} resume ${name}`)
    expect((await mainspring(noun, 'resume', name)).out).toBe(`${noun} "${name}" goes on.`)
  }
})

test('workers are listed with what they serve', async () => {
  expect((await mainspring('worker', 'ls')).out).toMatch(/\ntester .* echo bad only slow$/)
  expect(JSON.parse((await mainspring('worker', 'ls', '--json')).out)).toMatchObject({ workers: [{ name: 'tester', slots: 4 }] })
})

test('a worker is drained by its name, which its row says, and undrained', async () => {
  const drained = await mainspring('worker', 'drain', 'tester', '--why', 'kernel update')
  expect(drained.out).toBe('worker "tester" gets no new task; what it runs goes on. Undo: mainspring worker undrain tester')
  expect((await mainspring('worker', 'ls')).out).toMatch(/\ntester .* \d\/4 draining /)
  const waits = await started('echo', '1')
  expect((await mainspring('explain', waits)).out).toContain('tester would fit, but is being drained')
  expect((await mainspring('worker', 'undrain', 'tester')).out).toBe('worker "tester" gets tasks again.')
  expect((await mainspring('start', 'echo', '1', '--wait')).code).toBe(0)
  expect(await mainspring('worker', 'drain', 'nobody')).toMatchObject({ code: 2, error: expect.stringContaining('worker-not-found') })
})

test('runs are listed by what went wrong, and by how long they took', async () => {
  await mainspring('start', 'bad', '1', '--wait')
  const { runs } = JSON.parse((await mainspring('list', '--error', 'NO GOOD', '--reason', 'aborted', '--json')).out)
  expect(new Set(runs.map(({ definition }: { definition: string }) => definition))).toEqual(new Set(['bad']))
  expect(JSON.parse((await mainspring('list', '--error', 'no such words', '--json')).out)).toMatchObject({ runs: [] })
  expect(JSON.parse((await mainspring('list', '--longer-than', '1h', '--json')).out)).toMatchObject({ runs: [] })
  expect(await mainspring('list', '--longer-than', 'soon')).toMatchObject({ code: 2, error: expect.stringContaining('invalid-duration') })
})

test('alone it says what is going on in ten lines at most', async () => {
  const { code, out } = await mainspring()
  expect(code).toBe(0)
  expect(out.split('\n').length).toBeLessThanOrEqual(10)
  expect(out).toMatch(/^mainspring · default at http:\/\/127\.0\.0\.1:\d+ · 1 worker\n {2}now /)
})

test.each<[given: string[], code: number, error: RegExp]>([
  [['start', 'ecoh', '1'], 2, /ecoh.*\n.*"?echo"?.*\[unknown-definition\]$/],
  [['start', 'echo', '{a:1}'], 2, /^input:1:2 {2}This is not JSON: .*\n.*\[invalid-json\]$/],
  [['start', 'echo', '{"a":\n1'], 2, /^input:2:2 {2}This is not JSON: expected .* found the end\./],
  [['start', 'echo', '1', '--delay', 'soon'], 2, /\[invalid-duration\]$/],
  [['start', 'echo', '1', '--priority', '101'], 2, /^--priority {2}Found "101", expected a whole number from -100 to 100\./],
  [['start', 'echo', '1', '--tag', 'nothing'], 2, /^--tag {2}Found "nothing", expected name=value\./],
  [['list', '--state', 'nope'], 2, /\[invalid-input\]$/],
  [['list', '--limit', '0'], 2, /^--limit {2}Found "0"/],
  [['show', 'zzzzz'], 2, /\[run-not-found\]$/],
  [['show', '../..'], 2, /\[run-not-found\]$/],
  [['retry', 'zzzzz', '--input', '{'], 2, /^--input:1:2 {2}This is not JSON/],
  [['strat', 'echo'], 2, /^There is no command "strat"\.\nDid you mean "mainspring start"\?.*\[unknown-command\]$/],
  [['list', '--sate', 'x'], 2, /^Unknown option '--sate'\.\n\(Did you mean --state\?\) See: mainspring list --help.*\[usage\]$/],
  [['dev', '--demo', 'big'], 2, /"big" is no scale\.[\s\S]*\[invalid-option\]/],
  [['dev', '--demo', '--namespace', 'mine'], 2, /The demo lives in the namespace "default"/],
  [['show'], 2, /^Missing required argument 'run'\.\nSee: mainspring show --help.*\[usage\]$/],
  [['worker', 'none.ts'], 2, /^none\.ts {2}There is no such file\. +\[file-missing\]$/],
  [['worker', 'none.ts', '--slots', '0'], 2, /^--slots {2}Found "0"/],
  [['worker', 'none.ts', '--unit', 'cpu=four'], 2, /^--unit {2}Found "cpu=four", expected a name and a number/],
  [['list', '--url', 'nonsense'], 2, /^--url {2}url: found "nonsense"/],
  [['list', '--url', 'http://127.0.0.1:1'], 3, /^http:\/\/127\.0\.0\.1:1 {2}Nobody answers \(ECONNREFUSED\)\.\n.*\[unreachable\]$/],
  [['server', '--port', '0'], 2, /in use by .*\[database-refused\]$/s],
  [
    ['server', '--database', 'postgres://me:secret@127.0.0.1:1/d'],
    2,
    /^postgres:\/\/me:\*+@127\.0\.0\.1:1\/d .*cannot be opened.*\[database-refused\]$/s,
  ],
  [['key', 'create', 'x', '--database', 'memory:'], 2, /^--database {2}A memory store is gone/],
  [['backup', 'b.db', '--database', 'memory:'], 2, /^--database {2}A memory store is gone .*\n.*\[database-unsupported\]$/],
  [['backup', 'b.db', '--database', 'postgres://h/d'], 2, /^--database {2}Only a SQLite file .*\n.*pg_dump.*\[database-unsupported\]$/],
  [['backup', 'b.db', '--database', 'missing.db'], 2, /There is no database .*missing\.db\. +\[backup-refused\]$/],
  [['move', '--to', 'postgres://h/d'], 2, /^--from {2}Which database\?\n.*\[usage\]$/],
  [['move', '--from', 'a.db', '--to', 'b.db'], 2, /^--to {2}Found "b\.db", expected the URL of a PostgreSQL database\.\n.*\[invalid-option\]$/],
  [['move', '--from', 'postgres://u:secret@h/d', '--to', 'postgres://h/d'], 2, /^--from {2}Found "postgres:\/\/u:\*+@h\/d", expected the file/],
  [['move', '--from', 'missing.db', '--to', 'postgres://h/d'], 2, /There is no database .*missing\.db\. +\[move-refused\]$/],
  [['move', '--from', '.mainspring/mainspring.db', '--to', 'postgres://h/d'], 2, /in use by node .*stop that one.*\[move-refused\]$/s],
  [['backup'], 2, /^Missing required argument 'file'\./],
])('%j ends with %d and says what to do', async (given, code, error) => {
  const result = given[0] === 'key' ? await mainspringIn({}, given) : await mainspring(...given)
  expect(result.error).toMatch(error)
  expect(result.error).not.toMatch(/\n\s+at /)
  expect(result.code).toBe(code)
})

test('a backup is copied from the server that runs, and tells its size as data', async () => {
  const { code, out } = await mainspring('backup', 'backup.db', '--json')
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ file: 'backup.db', bytes: statSync(join(directory, 'backup.db')).size })
  expect(await mainspring('backup', 'backup.db')).toMatchObject({ code: 2, error: expect.stringMatching(/is there already.*\[backup-refused\]$/s) })
})

test('an error as data is JSON', async () => {
  const { code, out, error } = await mainspring('show', 'zzzzz', '--json')
  expect([code, out, JSON.parse(error)]).toEqual([2, '', { error: expect.objectContaining({ code: 'run-not-found', status: 404 }) }])
})

test('a call without a valid key is not allowed: 4', async () => {
  const guarded = node.api.http({ bind: '0.0.0.0' })
  await guarded.listen({ host: '127.0.0.1', port: 0 })
  const url = `http://127.0.0.1:${(guarded.server.address() as { port: number }).port}`
  expect(await mainspring('list', '--url', url)).toMatchObject({ code: 4, error: expect.stringContaining('[unauthenticated]') })
  const { key } = JSON.parse((await mainspring('key', 'create', 'test', '--json')).out) as { key: string }
  expect((await mainspring('list', '--url', url, '--api-key', key)).code).toBe(0)
  expect((await mainspring('key', 'ls')).out).toMatch(/\ntest +/)
  await mainspring('key', 'rm', 'test')
  expect((await mainspring('list', '--url', url, '--api-key', key)).code).toBe(4)
  await guarded.close()
})

test('the first key is made in the store itself, where no server holds it', async () => {
  const made = await mainspringIn({}, ['key', 'create', 'first', '--database', 'other.db'])
  expect(made.out).toMatch(/^msk_[\w-]{43}\nkept as "first"/)
  expect((await mainspringIn({}, ['key', 'ls', '--database', 'other.db'])).out).toMatch(/\nfirst +/)
})

test('config prints each value with where it came from', async () => {
  writeFileSync(join(directory, 'own.yaml'), 'port: 8080\n')
  const { out } = await mainspringIn({ MAINSPRING_NAMESPACE: 'teams' }, ['config', '--config', 'own.yaml', '--lease', '30s'])
  expect(out).toMatch(/\nport +8080 +own\.yaml:1:7\nnamespace +teams +MAINSPRING_NAMESPACE\n[\s\S]*\nlease +30 s +--lease$/m)
})

test.each([
  'dev',
  'server',
  'worker',
  'start',
  'list',
  'show',
  'logs',
  'explain',
  'cancel',
  'terminate',
  'resume',
  'change',
  'retry',
  'move',
  'config',
])('the help of %s has an example', async verb => {
  const { code, out } = await mainspring(verb, '--help')
  expect([code, out]).toEqual([0, expect.stringMatching(new RegExp(`Example:\n {2}\\$ mainspring ${verb}`))])
})
