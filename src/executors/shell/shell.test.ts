import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Abort, AttemptTimedOut, CancelRequested, InvalidOption, WorkerStopping } from '@mainspring/sdk'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { type TestContext, testContext } from '../test-context.ts'
import { type ShellExecutor, type ShellExecutorOptions, type ShellInput, type ShellOutput, shellExecutor } from './index.ts'
import { Kept, LOG_LINES_MAX } from './output.ts'

const place = realpathSync(mkdtempSync(join(tmpdir(), 'shell-')))
afterAll(() => rmSync(place, { recursive: true, force: true }))
const open: ShellExecutor[] = []
afterEach(() => Promise.all(open.splice(0).map(executor => executor.close())))
const isRoot = process.getuid?.() === 0

function executorOf(options: ShellExecutorOptions = { allow: true }): ShellExecutor {
  const executor = shellExecutor(options)
  open.push(executor)
  return executor
}
function run(input: ShellInput, options?: ShellExecutorOptions, ctx: TestContext = testContext()): Promise<ShellOutput> {
  return executorOf(options).job.handler(input, ctx) as Promise<ShellOutput>
}
/** How it failed. */
async function failure(input: ShellInput, options?: ShellExecutorOptions, ctx?: TestContext): Promise<Error & { code?: string }> {
  return run(input, options, ctx).then(
    output => expect.fail(`it ended well: ${JSON.stringify(output)}`),
    error => error,
  )
}
function lives(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat[stat.lastIndexOf(')') + 2] !== 'Z'
  } catch {
    return false
  }
}
/** The process id that a command has said. */
async function said(ctx: TestContext, word: string): Promise<number> {
  const { message } = await ctx.line(line => line.message.startsWith(`${word} `))
  return Number(message.slice(word.length))
}

describe('what a command gets and gives', () => {
  test('arguments are passed as they are, no shell looks at them', async () =>
    expect(await run({ command: ['printf', '%s|', '$HOME', 'a b', '', '*', ';ls'] })).toEqual({
      exitCode: 0,
      signal: null,
      stdout: '$HOME|a b||*|;ls|',
      stderr: '',
      truncated: false,
      durationMs: expect.any(Number),
    }))

  test.each<[ShellInput, string]>([
    [{ command: 'echo $((1 + 2)) | cat', shell: true }, '3\n'],
    [{ command: '[[ abc == a* ]] && echo y', shell: '/bin/bash' }, 'y\n'],
    [{ command: '/bin/pwd', cwd: place }, `${place}\n`],
    [{ command: ['./pwd'], cwd: '/bin' }, `${realpathSync('/bin')}\n`],
    [{ command: ['cat'], stdin: 'ä\0b\n' }, 'ä\0b\n'],
    [{ command: ['cat'] }, ''],
    [{ command: ['sh', '-c', 'echo $A'], env: { A: 'b' } }, 'b\n'],
  ])('%j prints %j', async (input, stdout) => expect(await run(input)).toMatchObject({ exitCode: 0, stdout }))

  test('a large standard input may be read or not', async () => {
    const stdin = 'x'.repeat(1_000_000)
    expect(await run({ command: ['true'], stdin })).toMatchObject({ exitCode: 0 })
    expect(await run({ command: ['wc', '-c'], stdin })).toMatchObject({ stdout: '1000000\n' })
  })

  test('its environment is small, and has nothing of the worker’s own', async () => {
    const environment = {
      PATH: process.env.PATH,
      HOME: '/home/w',
      LANG: 'C.UTF-8',
      USER: 'w',
      DATABASE_URL: 'secret',
      MAINSPRING_API_KEY: 'secret',
      AWS_SECRET: 'x',
    }
    const ctx = testContext({ attempt: 3, extra: { nominalTime: new Date('2026-11-24T02:00:00Z') } })
    const { stdout } = await run({ command: ['env'], env: { LANG: 'de_DE', MAINSPRING_URL: 'http://here' } }, { allow: true, environment }, ctx)
    expect(
      Object.fromEntries(
        stdout
          .trim()
          .split('\n')
          .map(line => line.split(/=(.*)/s)),
      ),
    ).toEqual({
      PATH: environment.PATH,
      HOME: '/home/w',
      USER: 'w',
      LANG: 'de_DE',
      PWD: process.cwd(),
      MAINSPRING_URL: 'http://here',
      MAINSPRING_RUN: ctx.run,
      MAINSPRING_ATTEMPT: '3',
      MAINSPRING_TASK_KEY: ctx.taskKey,
      MAINSPRING_NOMINAL_TIME: '2026-11-24T02:00:00.000Z',
    })
  })

  test('a worker without PATH gives the usual one', async () =>
    expect((await run({ command: ['/usr/bin/env'] }, { allow: true, environment: {} })).stdout).toMatch(/^PATH=\/usr\/local\/sbin:/m))

  test('its lines are logged live: stdout as info, stderr as warn', async () => {
    const ctx = testContext()
    await run({ command: 'echo one; echo two >&2; printf "three\\r\\n\\nfour"', shell: true }, undefined, ctx)
    expect(ctx.lines.filter(line => line.level === 'info').map(line => line.message)).toEqual(['one', 'three', '', 'four'])
    expect(ctx.lines.filter(line => line.level === 'warn').map(line => line.message)).toEqual(['two'])
    expect(ctx.heartbeats).toBeGreaterThan(0)
  })
})

describe('how it ends', () => {
  test.each<[command: string, expected: ShellInput['expect'], exitCode: number]>([
    ['exit 3', [0, 3], 3],
    ['exit 3', 3, 3],
    ['exit 0', undefined, 0],
  ])('%j with %j expected is a success', async (command, expected, exitCode) =>
    expect(await run({ command, shell: true, ...(expected !== undefined && { expect: expected }) })).toMatchObject({ exitCode }),
  )

  test.each<[command: string, expected: ShellInput['expect'], code: string, message: RegExp]>([
    ['echo no disk >&2; exit 7', undefined, 'shell-exit', /^The command ended with exit code 7\. stderr ends with:\nno disk\n/],
    ['echo only here; exit 1', undefined, 'shell-exit', /exit code 1\. stdout ends with:\nonly here\n/],
    ['for i in $(seq 100); do echo line $i >&2; done; exit 1', undefined, 'shell-exit', /stderr ends with:\nline 91\n[\s\S]*line 100\n/],
    ['exit 0', 3, 'shell-exit', /exit code 0/],
    ['kill -SEGV $$', undefined, 'shell-killed', /ended by SIGSEGV/],
  ])('%j with %j expected fails the attempt as %s', async (command, expected, code, message) => {
    const error = await failure({ command, shell: true, ...(expected !== undefined && { expect: expected }) })
    expect(error).toMatchObject({ name: 'ShellFailed', code, message: expect.stringMatching(message) })
    expect(error).not.toBeInstanceOf(Abort)
  })

  // Airflow: `skip_on_exit_code` of BashOperator.
  test('an exit code that skips is that of a task that is skipped, also where it would be a success', async () => {
    for (const more of [{ skip: 99 }, { skip: [98, 99], expect: 99 }])
      expect(await failure({ command: 'exit 99', shell: true, ...more })).toMatchObject({ code: 'skipped' })
  })

  test.each<[ShellInput, code: string]>([
    [{ command: ['no-such-program'] }, 'shell-command-missing'],
    [{ command: '/etc/passwd' }, 'shell-command-missing'],
    [{ command: '/bin' }, 'shell-command-missing'],
    [{ command: ['ls'], cwd: '/no/such/folder' }, 'shell-folder-missing'],
    [{ command: ['ls'], cwd: '/etc/passwd' }, 'shell-folder-missing'],
    [{ command: ['ls'], user: 'no-such-user' }, 'shell-user-unknown'],
  ])('%j fails the run at once: %s', async (input, code) => {
    const error = await failure(input)
    expect(error).toBeInstanceOf(Abort)
    expect(error.code).toBe(code)
  })
})

test('an argument that the system does not take fails the run at once', async () =>
  expect(await failure({ command: ['true', 'x'.repeat(128 * 1024)] })).toMatchObject({ name: 'Abort', code: 'shell-too-long' }))

describe('what is allowed', () => {
  const link = join(place, 'link')
  mkdirSync(join(place, 'root'))
  symlinkSync('/etc', link)
  symlinkSync(place, join(place, 'root', 'out'))

  test.each<[ShellExecutorOptions, ShellInput, refused: RegExp | null]>([
    [{}, { command: ['true'] }, /runs no commands.*allowShell.*--allow-shell/],
    [{ allow: false }, { command: ['true'] }, /runs no commands/],
    [{ allow: true }, { command: 'true', shell: true }, null],
    [{ allow: { commands: ['true'] } }, { command: ['true'] }, null],
    [{ allow: { commands: ['true'] } }, { command: ['false'] }, /"false" is not among the allowed commands/],
    [{ allow: { commands: ['true'] } }, { command: ['./true'], cwd: '/bin' }, /not among/],
    [{ allow: { commands: ['/bin/true'] } }, { command: '/bin/true' }, null],
    [{ allow: { commands: ['/bin/true'] } }, { command: ['/bin/../bin/true'] }, /not among/],
    [{ allow: { commands: ['no-such-program'] } }, { command: ['other-such-program'] }, /not among/],
    [{ allow: { commands: ['true'] } }, { command: ['true'], env: { PATH: place } }, /variable "PATH" is not allowed/],
    [{ allow: { commands: ['true'], env: ['A'] } }, { command: ['true'], env: { A: 'b' } }, null],
    [{ allow: { commands: ['true'], env: ['PATH'] } }, { command: ['true'], env: { PATH: place } }, null],
    [{ allow: { commands: ['true'] } }, { command: 'true', shell: true }, /A shell is not allowed/],
    [{ allow: { commands: ['true'], shell: true } }, { command: 'true', shell: true }, null],
    [{ allow: {} }, { command: ['true'], env: { LD_PRELOAD: '' } }, null],
    [{ allow: { cwd: [join(place, 'root')] } }, { command: ['true'] }, null],
    [{ allow: { cwd: [place] } }, { command: ['true'], cwd: join(place, 'root') }, null],
    [{ allow: { cwd: [join(place, 'root')] } }, { command: ['true'], cwd: place }, /not below an allowed one/],
    [{ allow: { cwd: [join(place, 'root')] } }, { command: ['true'], cwd: join(place, 'root', '..') }, /not below/],
    [{ allow: { cwd: [join(place, 'root')] } }, { command: ['true'], cwd: join(place, 'root', 'out') }, /not below/],
    [{ allow: { cwd: [place] } }, { command: ['true'], cwd: link }, /not below/],
    [{ allow: { cwd: [place] } }, { command: ['true'], cwd: `${place}-other` }, /not below/],
  ])('%j takes %j: not if %s', async (options, input, refused) => {
    if (refused === null) return void expect(await run(input, options)).toMatchObject({ exitCode: 0 })
    const error = await failure(input, options)
    expect(error).toBeInstanceOf(Abort)
    expect(error).toMatchObject({ code: 'shell-not-allowed', message: expect.stringMatching(refused) })
  })

  test.each([
    ['yes', '/allow'],
    [[], '/allow'],
    [{ commands: 'ls' }, '/allow/commands'],
    [{ commands: ['bin/ls'] }, '/allow/commands/0'],
    [{ cwd: ['here'] }, '/allow/cwd/0'],
    [{ shell: '/bin/sh' }, '/allow/shell'],
    [{ comands: ['ls'] }, '/allow/comands'],
  ])('the option %j cannot be, at %s', (allow, at) => {
    const made = (): unknown => shellExecutor({ allow: allow as never })
    expect(made).toThrow(InvalidOption)
    expect(made).toThrow(expect.objectContaining({ at }))
  })

  test.runIf(isRoot)('root runs commands as another account, with its groups and its home', async () => {
    const { stdout } = await run({ command: 'id -un; id -gn; echo $USER $HOME; pwd', shell: true, user: 'daemon' })
    expect(stdout).toMatch(/^daemon\ndaemon\ndaemon (\S+)\n\S+\n$/)
    expect(await failure({ command: ['sh', '-c', 'exit 5'], user: 'daemon' })).toMatchObject({ message: expect.stringContaining('exit code 5') })
  })
  test('only root runs commands as another account', async () => {
    const asked = isRoot ? vi.spyOn(process as { getuid(): number }, 'getuid').mockReturnValue(12_345) : null
    try {
      const refusal = { code: 'shell-user-refused', message: expect.stringContaining('root') }
      expect(await failure({ command: ['id'], user: 'daemon' })).toMatchObject(refusal)
    } finally {
      asked?.mockRestore()
    }
  })
})

describe('large output', () => {
  test('is kept from its beginning and its end', async () => {
    const { stdout, truncated } = await run({ command: ['seq', '100000'], outputLimit: 100 })
    expect(truncated).toBe(true)
    expect(stdout).toMatch(/^1\n2\n3\n[\s\S]*\n… 588795 bytes are left out here …\n[\s\S]*99999\n100000\n$/)
  })

  test('100 MB in lines and one line of 50 MB take no more memory than is kept', { timeout: 60_000 }, async () => {
    const ctx = testContext()
    let most = 0
    const before = process.memoryUsage().rss
    ctx.heartbeat = () => {
      most = Math.max(most, process.memoryUsage().rss - before)
    }
    const output = await run(
      { command: 'yes 0123456789 | head -c 100000000; head -c 50000000 /dev/zero | tr "\\0" x >&2', shell: true },
      undefined,
      ctx,
    )
    expect(output.truncated).toBe(true)
    expect(output.stdout.length + output.stderr.length).toBeLessThan(140_000)
    expect(most).toBeLessThan(120 * 2 ** 20)
    expect(ctx.lines.length).toBeLessThanOrEqual(LOG_LINES_MAX + 1)
    expect(ctx.lines.at(-1)?.message).toMatch(/no more of its output is shown/)
    expect(Math.max(...ctx.lines.map(line => line.message.length))).toBeLessThanOrEqual(8_192)
  })

  test('that grows in JSON is cut to what a payload holds', async () => {
    const output = await run({ command: ['head', '-c', '1000000', '/dev/zero'], outputLimit: 512 * 1024 })
    expect(JSON.stringify(output).length).toBeLessThan(2 ** 20)
    expect(output.truncated).toBe(true)
  })

  test.each<[limit: number, chunks: string[], text: string, truncated: boolean]>([
    [10, [], '', false],
    [10, ['abcdefghij'], 'abcdefghij', false],
    [10, ['abcdefghijk'], 'abcde\n… 1 bytes are left out here …\nghijk', true],
    [4, ['a', 'b', 'c', 'd', 'e', 'f', 'g'], 'ab\n… 3 bytes are left out here …\nfg', true],
    [4, ['abcdefghijklm', 'n'], 'ab\n… 10 bytes are left out here …\nmn', true],
    [3, ['abcd'], 'ab\n… 1 bytes are left out here …\nd', true],
    [1, ['ab'], 'a\n… 1 bytes are left out here …\n', true],
    [0, ['ab'], '\n… 2 bytes are left out here …\n', true],
    [6, ['äöüß'], 'ä\n… 2 bytes are left out here …\nß', true],
  ])('of %i bytes %j is kept as %j', (limit, chunks, text, truncated) => {
    const kept = new Kept(limit)
    for (const chunk of chunks) kept.add(Buffer.from(chunk))
    expect(kept.text()).toEqual({ text, truncated })
  })
})

describe('the end of a command that is not wanted any more', () => {
  const STUBBORN = 'sh -c \'trap "" TERM; echo stubborn $$; while :; do sleep 0.05; done\''

  test.each([
    ['a cancel', new CancelRequested('r')],
    ['a worker that stops', new WorkerStopping('r')],
  ])('%s ends the whole group, a grandchild that ignores SIGTERM too', async (_, reason) => {
    const ctx = testContext()
    const ended = failure({ command: `${STUBBORN} & echo leader $$; wait`, shell: true, killAfter: 100 }, undefined, ctx)
    const [leader, stubborn] = [await said(ctx, 'leader'), await said(ctx, 'stubborn')]
    ctx.abort(reason)
    expect(await ended).toBe(reason)
    expect([lives(leader), lives(stubborn)]).toEqual([false, false])
  })

  test('SIGTERM comes first, so that it can clean up', async () => {
    const ctx = testContext()
    const ended = failure({ command: 'trap "echo cleaned up; exit 0" TERM; echo ready; while :; do sleep 0.05; done', shell: true }, undefined, ctx)
    await ctx.line(line => line.message === 'ready')
    ctx.abort(new CancelRequested('r'))
    expect(await ended).toBeInstanceOf(CancelRequested)
    expect(ctx.lines.map(line => line.message)).toContain('cleaned up')
  })

  test('what it leaves in its group ends with it, also when it ignores SIGTERM', async () => {
    const ctx = testContext()
    const output = await run({ command: `${STUBBORN} & echo done`, shell: true, killAfter: 100 }, undefined, ctx)
    expect(output).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('done\n') })
    expect(lives(await said(ctx, 'stubborn'))).toBe(false)
    expect(ctx.lines.map(line => line.message)).toContainEqual(expect.stringContaining('processes that it started have not'))
  })

  test('one that left the group and holds its output does not hold the run', async () => {
    const ctx = testContext()
    await run({ command: "setsid sh -c 'echo away $$; exec sleep 60' & exit 0", shell: true }, undefined, ctx)
    process.kill(await said(ctx, 'away'), 'SIGKILL')
  })

  test('the next attempt begins when nothing of the one before is left', async () => {
    const executor = executorOf()
    const [first, second] = [testContext(), testContext({ attempt: 2 })]
    const ended = (executor.job.handler({ command: STUBBORN, shell: true, killAfter: 200 }, first) as Promise<unknown>).catch(error => error)
    const stubborn = await said(first, 'stubborn')
    first.abort(new AttemptTimedOut('r', 1))
    const output = await executor.job.handler({ command: `grep -c '^State:.[^ZX]' /proc/${stubborn}/status || echo none`, shell: true }, second)
    expect(output).toMatchObject({ stdout: expect.stringMatching(/^(0\n)?none\n$/) })
    expect(await ended).toBeInstanceOf(AttemptTimedOut)
  })

  test('a signal that was there before it began lets nothing begin', async () => {
    const ctx = testContext()
    ctx.abort(new CancelRequested('r'))
    expect(await failure({ command: ['touch', join(place, 'begun')] }, undefined, ctx)).toBeInstanceOf(CancelRequested)
    expect(() => readFileSync(join(place, 'begun'))).toThrow()
  })

  test('close ends what runs and resolves when nothing is left', async () => {
    const executor = executorOf()
    const ctx = testContext()
    const ended = (executor.job.handler({ command: `${STUBBORN}`, shell: true, killAfter: 50 }, ctx) as Promise<unknown>).catch(error => error)
    const stubborn = await said(ctx, 'stubborn')
    expect(executor.running).toBe(1)
    await executor.close()
    expect([lives(stubborn), executor.running]).toEqual([false, 0])
    expect(await ended).toMatchObject({ code: 'shell-closed' })
  })

  test('a worker that is killed with -9 leaves nothing behind', async () => {
    const fifo = join(place, 'fifo')
    await once(spawn('mkfifo', [fifo]), 'exit')
    const reader = spawn('cat', [fifo])
    const said = new Promise<string>(resolve => reader.stdout.once('data', data => resolve(String(data))))
    const command = `trap "" TERM HUP; exec > ${fifo}; sh -c 'trap "" TERM; sleep 600; :' & echo ready; wait`
    const code = `
      import { shellExecutor } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))}
      import { testContext } from ${JSON.stringify(join(import.meta.dirname, '../test-context.ts'))}
      const shell = shellExecutor({ allow: true })
      for (let short = 0; short < 3; short++) await shell.job.handler({ command: ['true'] }, testContext())
      await shell.job.handler({ command: ${JSON.stringify(command)}, shell: true }, testContext())`
    const worker = spawn(process.execPath, ['--input-type=module', '-e', code], { cwd: import.meta.dirname, stdio: ['ignore', 'inherit', 'inherit'] })
    expect(await said).toBe('ready\n')
    worker.kill('SIGKILL')
    // The pipe ends when the last process that holds it is gone.
    expect(await once(reader, 'exit')).toEqual([0, null])
  })
})
