import { readFileSync } from 'node:fs'
import inspector from 'node:inspector'
import { resolve } from 'node:path'
import { type AnyJob, durationMs, type RecordedRun, type Replayed, replay, type WireRunDetail, type WireRunList } from '@mainspring/sdk'
import { shortId } from '../core/ids.ts'
import { Refusal } from '../server/refusal.ts'
import { integerArgument, jsonArgument, listFlag, textFlag } from './arguments.ts'
import { loadJobs } from './job-files.ts'
import { oneLine } from './output/table.ts'
import { countText } from './output/words.ts'
import { provideSdk } from './sdk-hook.ts'
import type { Flags, Session } from './session.ts'
import { EXIT, type ExitCode } from './terminal.ts'

type Result = Replayed & { definition: string }

/** Replays one run, or all that match, against the workflows of files. What does not fit is told one by one, the rest is counted. */
export async function replayAll(session: Session, [id]: readonly string[], flags: Flags): Promise<ExitCode> {
  const { terminal } = session
  const limit = integerArgument(String(flags.limit), '--limit', 1, LIMIT_MAX)
  provideSdk()
  const { jobs } = await loadJobs(listFlag(flags.against), terminal.directory)
  const workflows = new Map(jobs.filter(({ definition }) => definition.kind === 'workflow').map(one => [one.name, one]))
  if (workflows.size === 0)
    throw new Refusal({
      code: 'no-jobs',
      place: listFlag(flags.against).join(', '),
      title: 'No workflow is exported here.',
      hint: 'Jobs have no history to replay.',
    })
  const files = listFlag(flags.history)
  if (flags.inspect === true) await debuggerFor(session, id ?? files[0])
  const results: Result[] = []
  for await (const recorded of files.length > 0
    ? filed(session, files)
    : id === undefined
      ? found(session, [...workflows.keys()], flags, limit)
      : one(session, id))
    results.push(await replayed(recorded, workflows))
  session.show(results, () => resultsText(results))
  return results.every(({ is }) => is === 'fits') ? EXIT.done : EXIT.failed
}
const LIMIT_MAX = 100_000

async function replayed(recorded: RecordedRun, workflows: ReadonlyMap<string, AnyJob>): Promise<Result> {
  const { definition } = recorded
  const workflow = workflows.get(definition)
  if (workflow !== undefined) return { ...(await replay(workflow, recorded)), definition }
  const hint = `There are ${[...workflows.keys()].join(', ')}.`
  throw new Refusal({
    code: 'no-jobs',
    place: '--against',
    title: `No workflow "${definition}" is exported, which run ${shortId(recorded.id)} is of.`,
    hint,
  })
}

async function* one({ client }: Session, id: string): AsyncGenerator<RecordedRun> {
  const run = await client.call<WireRunDetail>('runs.get', { run: id })
  if (run.kind !== 'workflow')
    throw new Refusal({ code: 'usage', title: `${run.definition} ${shortId(run.id)} is a ${run.kind}: it has no code to replay.` })
  yield { ...run, history: await client.handle(run.id).history() }
}

/** Newest first; the histories are read one by one, so that no more than one is held. */
async function* found(session: Session, names: readonly string[], flags: Flags, limit: number): AsyncGenerator<RecordedRun> {
  const since = textFlag(flags.since) as string
  const ms = durationMs(since)
  if (ms === null)
    throw new Refusal({ code: 'invalid-option', place: '--since', title: `Found ${JSON.stringify(since)}, expected a duration such as 7d.` })
  const createdAfter = new Date(Date.now() - ms).toISOString()
  for (const definition of names) {
    let left = limit
    for (let cursor: string | null | undefined; cursor !== null && left > 0; ) {
      const query = { kind: ['workflow'], definition: [definition], createdAfter, limit: String(Math.min(left, PAGE)), ...(cursor && { cursor }) }
      const page: WireRunList = await session.client.call<WireRunList>('runs.list', {}, undefined, { query })
      for (const { id, startedAt } of page.runs) {
        left--
        if (startedAt !== null) yield* one(session, id)
      }
      cursor = page.next
    }
  }
}
const PAGE = 200

async function* filed({ terminal }: Session, files: readonly string[]): AsyncGenerator<RecordedRun> {
  for (const file of files) {
    const recorded = jsonArgument(textOf(resolve(terminal.directory, file), file), file) as Partial<RecordedRun> | null
    if (typeof recorded?.id !== 'string' || typeof recorded.definition !== 'string' || !Array.isArray(recorded.history))
      throw new Refusal({
        code: 'invalid-file',
        place: file,
        title: 'This is not a recorded run.',
        hint: 'Make one: mainspring show RUN --json > FILE',
      })
    yield recorded as RecordedRun
  }
}

function textOf(path: string, shown: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    throw new Refusal({ code: 'file-missing', place: shown, title: 'There is no such file, or it cannot be read.' })
  }
}

/** On this machine alone, at a port of the system's choice. */
async function debuggerFor({ terminal }: Session, one: string | undefined): Promise<void> {
  if (one === undefined)
    throw new Refusal({ code: 'usage', title: 'Which run?', hint: '--inspect is for one run: mainspring replay RUN --against FILE --inspect' })
  inspector.open(0, '127.0.0.1')
  terminal.error('Attach a debugger (chrome://inspect, or your editor); put breakpoints into the workflow. Waiting …')
  inspector.waitForDebugger()
}

function resultsText(results: readonly Result[]): string {
  const told = results.flatMap(result => {
    if (result.is === 'fits') return []
    const why =
      result.is === 'diverged' ? `step ${result.step}: expected ${oneLine(result.expected)}, got ${oneLine(result.got)}` : oneLine(result.why)
    return [`${oneLine(result.definition)} ${shortId(result.run)}  ${why}`]
  })
  const shown = told.length > TOLD_MAX ? [...told.slice(0, TOLD_MAX), `and ${told.length - TOLD_MAX} more`] : told
  const counts = `${countText(results.length, 'run')} replayed: ${results.length - told.length} fit, ${told.length} do not.`
  return [...shown, ...(shown.length > 0 ? [''] : []), counts].join('\n')
}
const TOLD_MAX = 50
