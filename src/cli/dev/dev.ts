import { existsSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import type { Client, WireHistory } from '@mainspring/sdk'
import { connect } from '@mainspring/sdk'
import { type Node, openNode } from '../../server/node.ts'
import { Refusal } from '../../server/refusal.ts'
import { storeText } from '../../server/stores.ts'
import { findJobFiles } from '../job-files.ts'
import { problemText } from '../output/problem.ts'
import { pairs } from '../output/table.ts'
import { countText, workText } from '../output/words.ts'
import type { Session } from '../session.ts'
import { type StopRequests, stopRequests } from '../signals.ts'
import { Commands } from './commands.ts'
import { type Demo, openDemo } from './demo.ts'
import { allKeysText, firstKeysText, type Key, readKeys } from './keys.ts'
import { Live } from './live.ts'
import { removeDevSession, writeDevSession } from './session-file.ts'
import { Supervisor } from './supervisor.ts'
import { writeHello } from './template.ts'
import { watchFolder } from './watch.ts'

/** Ports tried after the usual one: each dev session has its own. */
const PORTS_TRIED = 100

/**
 * `mainspring dev`: the node in this process, the worker in a child of it, a new child at each save. Runs until q, ctrl-c or a signal; then drains.
 * The database belongs to the project's folder and is held by one process, so two sessions never share runs.
 */
export async function runDev(session: Session, options: { dir: string; scale: number | null }): Promise<undefined> {
  const { terminal } = session
  const stop = stopRequests()
  const print = (text: string): void => terminal.out(text.replaceAll(/^/gm, '  '))
  const demo = options.scale === null ? null : await playedDemo(session, options.scale, print, stop.requested)
  if (options.scale !== null && demo === null) return undefined
  try {
    return await serve(session, stop, print, options.dir, demo)
  } finally {
    demo?.remove()
  }
}

async function serve(session: Session, stop: StopRequests, print: (text: string) => void, dir: string, demo: Demo | null): Promise<undefined> {
  const { terminal } = session
  const folder = demo?.folder ?? resolve(terminal.directory, dir)
  const shownFolder = `${relative(terminal.directory, folder) || '.'}/`
  const { namespace } = session.config.settings
  const database = demo?.database ?? session.config.settings.database
  const node = await openOnFreePort(session, database)
  const client = connect({ url: node.url, namespace })
  writeDevSession(terminal.directory, node.url)

  const lines: [string, string][] = []
  if (findJobFiles(folder).length === 0 && !existsSync(resolve(folder, 'hello.ts'))) {
    const written = relative(terminal.directory, writeHello(folder))
    print(`no jobs found: wrote ${written} (a job, a workflow, a schedule and a test)`)
  }
  lines.push(['store', storeText(database, shownPath(terminal.directory, database))], ['console', node.url])

  const live = new Live({ paint: terminal.paint, now: terminal.now, print, stepOf: run => stepUnderWay(client, run) })
  const supervisor = new Supervisor({
    url: node.url,
    namespace,
    directory: terminal.directory,
    folder,
    // Those of the demo are registered by whoever played it.
    source: demo === null ? `dev ${shownFolder}` : null,
    imports: files => watching.also(files),
    gone: async worker => void (await client.call('workers.gone', { worker }, {})),
    tell: {
      serving: ({ jobs, schedules }, { first, changed, restarted }) => {
        const scheduled = schedules === 0 ? '' : `, ${countText(schedules, 'schedule')}`
        const worker = `${workText(jobs.map(({ kind }) => kind))}${scheduled} · watching ${shownFolder}`
        if (first && shown) return print(`worker  ${worker}`)
        if (first) return banner([...lines, ['worker', worker]])
        if (restarted) return print(`the worker is back${live.recovers ? '' : ' · nothing ran in it, nothing is lost'}`)
        const what = changed.length > 0 ? `${changed.join(', ')}: a new version is registered` : 'no job has changed'
        print(`saved · ${what} · attempts under way end where they began`)
      },
      mistake: (facts, serving) => {
        banner([...lines, ['worker', `none yet · watching ${shownFolder}`]])
        print(problemText(facts))
        print(serving ? 'The version before it goes on. Waiting for the next save.' : 'Waiting for the next save.')
      },
      empty: serving => {
        banner([...lines, ['worker', `none yet · watching ${shownFolder}`]])
        print(`no jobs in ${shownFolder}${serving ? ': the version before goes on' : ''}. Waiting for the next save.`)
      },
      crashed: how => {
        live.crashed()
        print(`the worker is gone (${how}); starting another`)
      },
      failed: (run, job, attempt, message) => print(`${terminal.paint.dim(run.slice(-5))}  ${job} attempt ${attempt} failed · ${message}`),
      printed: line => print(terminal.paint.dim(`│ ${line}`)),
    },
  })
  const commands = new Commands({ client, supervisor, live, url: node.url, print, look: () => session.look })
  const keys = keysOf(commands, supervisor, print, () => stop.request('quit'))
  let shown = false
  /** Once, as soon as it is known what the worker has. */
  function banner(entries: [string, string][]): void {
    if (shown) return
    shown = true
    print(pairs(entries, terminal.paint.dim))
    if (process.stdin.isTTY) print(terminal.paint.dim(firstKeysText(keys)))
  }

  const stopLive = new AbortController()
  const following = live.follow(client, stopLive.signal)
  const watching = watchFolder(folder, () => supervisor.load())
  supervisor.load()
  demo?.begin(client, node.url)
  const giveBack = process.stdin.isTTY ? readKeys(process.stdin, keys, error => print(commands.errorText(error))) : () => {}

  await stop.requested
  giveBack()
  watching.end()
  if (demo === null) print('stopping: what runs may end, then all is given back')
  await demo?.end()
  // Nobody waits for the work of a demo.
  await supervisor.stop({ atOnce: demo !== null })
  stopLive.abort()
  await following
  await close(client, node)
  removeDevSession(terminal.directory)
  return undefined
}

function keysOf(commands: Commands, supervisor: Supervisor, print: (text: string) => void, quit: () => void): Key[] {
  const keys: Key[] = [
    { key: 'r', does: 'run it', first: true, act: () => commands.run() },
    { key: 'k', does: 'kill -9 the worker', first: true, act: () => commands.kill() },
    { key: 'p', does: 'pause', first: true, act: () => commands.pause() },
    { key: 'x', does: 'explain', first: true, act: () => commands.explain() },
    { key: 'o', does: 'open the console', first: true, act: () => commands.open() },
    { key: 'j', does: 'choose the job that r runs', act: () => commands.choose() },
    { key: 'l', does: 'list runs', act: () => commands.list() },
    { key: 's', does: 'load the jobs again', act: () => supervisor.load() },
    { key: 'q', also: ['\u0003', '\u0004'], does: 'quit (also ctrl-c)', act: quit },
    { key: '?', also: ['h'], does: 'all keys', first: true, act: () => print(allKeysText(keys)) },
  ]
  return keys
}

async function playedDemo(session: Session, scale: number, print: (text: string) => void, stopped: Promise<string>): Promise<Demo | null> {
  const stop = new AbortController()
  void stopped.then(() => stop.abort())
  return openDemo(session, { scale, print, signal: stop.signal })
}

/** The usual port, or the next one that is free: another project's session may have it. A port that was asked for is not exchanged. */
async function openOnFreePort(session: Session, database: string): Promise<Node> {
  const { settings, origins } = session.config
  for (let tried = 0; ; tried++)
    try {
      const port = settings.port === 0 ? 0 : settings.port + tried
      return await openNode({ settings: { ...settings, database, port }, origins })
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      if (error.facts.code === 'port-taken' && origins.port === 'default' && tried < PORTS_TRIED) continue
      if (error.facts.code !== 'database-refused') throw error
      throw new Refusal({
        ...error.facts,
        hint: `${error.facts.hint ?? ''} Is "mainspring dev" running here already? Use that one, or name another file with --database.`.trim(),
      })
    }
}

/** Of operations that the code asks for one after the other: the number behind the last that has ended. */
async function stepUnderWay(client: Client, run: string): Promise<number> {
  const { events } = await client.call<WireHistory>('runs.history', { run })
  const since = events.slice(events.findLastIndex(({ is }) => is === 'continued') + 1)
  return Math.max(0, ...since.filter(({ is, retryAt }) => ENDS.has(is) && retryAt === undefined).map(({ n = 0 }) => Number(n))) + 1
}
const ENDS = new Set(['step_completed', 'step_failed', 'timer_fired', 'signalled', 'wait_timed_out', 'child_closed'])

async function close(client: Client, node: Node): Promise<void> {
  await client.close()
  await node.stop()
}

function shownPath(directory: string, database: string): string {
  const path = relative(directory, database)
  return path.startsWith('..') ? database : path
}
