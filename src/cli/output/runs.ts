import type { WireEvent, WireExplanation, WireFailure, WireLogLine, WireReason, WireRun, WireRunDetail } from '@mainspring/sdk'
import { shortId } from '../../core/ids.ts'
import { isClosed } from '../../core/run.ts'
import { oneLine, pairs, severalLines, table } from './table.ts'
import { distanceText, momentText, type Paint, spanText } from './words.ts'

export interface Look {
  paint: Paint
  now: number
}

/** `mainspring list`. */
export function runsTable(runs: readonly WireRun[], { paint, now }: Look): string {
  if (runs.length === 0) return 'No runs.'
  return table(
    [
      { title: 'run', value: run => shortId(run.id) },
      { title: 'name', value: run => oneLine(run.definition), widthMax: 40 },
      ...(runs.some(({ kind }) => kind !== 'job') ? [{ title: 'kind', value: (run: WireRun) => run.kind }] : []),
      { title: 'state', value: run => paint.state(run.state) },
      { title: 'attempt', value: run => (run.kind === 'job' ? `${run.attempt}/${run.attempts}` : '-'), right: true },
      { title: 'queue', value: run => oneLine(run.queue), widthMax: 24 },
      { title: 'created', value: run => distanceText(run.createdAt, now), right: true },
      { title: 'took', value: run => tookText(run, now), right: true },
      { title: 'note', value: run => noteText(run, now), widthMax: 80 },
    ],
    runs,
  )
}

/** What is worth saying of a run in half a line. */
export function noteText(run: WireRun, now: number): string {
  if (run.failure && (isClosed(run.state) || run.state === 'waiting')) {
    const again = run.state === 'waiting' && run.nextAt ? `again ${distanceText(run.nextAt, now)}: ` : ''
    return `${again}${oneLine(`${run.failure.type}: ${run.failure.message}`)}`
  }
  if (isClosed(run.state)) return run.reason ?? ''
  if (run.state === 'scheduled' && run.nextAt) return `due ${distanceText(run.nextAt, now)}`
  if (run.progress) return progressText(run.progress)
  return run.reason ?? ''
}

export function progressText(progress: NonNullable<WireRun['progress']>): string {
  const percent = `${Math.round(progress.value * 100)} %`
  return progress.message ? `${percent} ${oneLine(progress.message)}` : percent
}

function tookText(run: WireRun, now: number): string {
  if (!run.startedAt) return '-'
  return spanText((run.closedAt ? Date.parse(run.closedAt) : now) - Date.parse(run.startedAt))
}

/** `mainspring show RUN`. */
export function runPage(run: WireRunDetail, events: readonly WireEvent[], look: Look): string {
  const { paint, now } = look
  const entries: [string, string][] = [
    ['state', `${paint.state(run.state)}${run.reason ? ` (${run.reason})` : ''}`],
    ['id', run.id],
    ['queue', `${oneLine(run.queue)}${run.priority === 0 ? '' : `, priority ${run.priority}`}`],
    ...(run.kind === 'job' ? ([['attempt', `${run.attempt} of ${run.attempts}`]] as [string, string][]) : []),
    ['created', `${momentText(run.createdAt, now)} (${distanceText(run.createdAt, now)})${triggerText(run)}`],
  ]
  if (run.startedAt) entries.push(['started', momentText(run.startedAt, now)])
  if (run.closedAt) entries.push(['closed', `${momentText(run.closedAt, now)}${run.startedAt ? ` (took ${tookText(run, now)})` : ''}`])
  if (run.nextAt && !run.closedAt) entries.push(['next', `${momentText(run.nextAt, now)} (${distanceText(run.nextAt, now)})`])
  if (run.progress) entries.push(['progress', progressText(run.progress)])
  if (run.tags && Object.keys(run.tags).length > 0) entries.push(['tags', tagsText(run.tags)])
  if (run.metadata !== null) entries.push(['metadata', valueText(run.metadata)])
  entries.push(['input', valueText(run.input)])
  if (run.checkpoint !== null) entries.push(['checkpoint', valueText(run.checkpoint)])
  if (run.workflow?.state != null) entries.push(['shows', valueText(run.workflow.state)])
  if (run.streams) entries.push(['streams', run.streams.map(({ name, chunks }) => `${oneLine(name)} (${chunks})`).join(', ')])
  if (run.state === 'completed') entries.push(['output', valueText(run.output)])
  if (run.failure) entries.push(['failure', failureText(run.failure)])
  const history = events.map(event => `  ${paint.dim(momentText(event.at, now))}  ${eventText(event)}`)
  return [`${paint.bold(oneLine(run.definition))} ${shortId(run.id)}`, '', pairs(entries, paint.dim), '', ...history].join('\n').trimEnd()
}

function triggerText(run: WireRun): string {
  if (run.trigger.is === 'dag')
    return ` as task "${oneLine(run.trigger.task)}"${run.trigger.item === undefined ? '' : `, item ${run.trigger.item},`} of DAG run ${shortId(run.trigger.run)}`
  if (run.trigger.is === 'job' || run.trigger.is === 'workflow') return ` by run ${shortId(run.trigger.run)}`
  if (run.trigger.is === 'batch')
    return `${run.trigger.callback ? `, a callback (${run.trigger.callback})` : ''} of batch ${shortId(run.trigger.batch)}`
  if (run.trigger.is === 'retry') {
    const { of, from } = run.trigger
    return from === undefined ? `, a retry of ${shortId(of)}` : `, from ${oneLine(from.name) || 'operation'} (${from.n}) of ${shortId(of)}`
  }
  if (run.trigger.is === 'hook') return `, told that ${shortId(run.trigger.run)} ${HOOK_EVENT_WORDS[run.trigger.event] ?? run.trigger.event}`
  return run.trigger.by ? ` by ${oneLine(run.trigger.by)}` : ''
}
const HOOK_EVENT_WORDS: Readonly<Record<string, string>> = { parked: 'is parked', retrying: 'is tried again', deadline: 'has missed a deadline' }

export function tagsText(tags: Record<string, string>): string {
  return Object.entries(tags)
    .map(([name, value]) => oneLine(`${name}=${value}`))
    .join(' ')
}

/** Any JSON value: on one line if it fits there. */
export function valueText(value: unknown): string {
  if (value === undefined || value === null) return '-'
  const short = JSON.stringify(value)
  return short.length <= 100 ? oneLine(short) : severalLines(JSON.stringify(value, null, 2))
}

/** The error, its stack, what it gathers, and what caused it. */
export function failureText(failure: WireFailure): string {
  const head = `${failure.type}: ${failure.message}${failure.code ? ` [${failure.code}]` : ''}`
  const frames = (failure.stack ?? '').split('\n').filter(line => /^\s+at /.test(line) && !NOT_THEIRS.test(line))
  const own = severalLines([head, ...frames].join('\n'))
  const { errors = [], cause } = failure
  const parts = errors.map((error, index) => `error ${index + 1} of ${errors.length}: ${failureText(error)}`)
  return [own, ...parts, ...(cause ? [`caused by ${failureText(cause)}`] : [])].join('\n')
}

/** Frames between the job's function and whoever called it: Node's and the SDK's own. */
const NOT_THEIRS = /\bnode:internal\/|[\\/](sdk[\\/]typescript|@mainspring[\\/]sdk)[\\/](src|dist)[\\/]/

/** One event of a history: its verb, then its facts. Payloads stay out: they have places of their own. */
export function eventText(event: WireEvent): string {
  const facts = Object.entries(event)
    .filter(([name, value]) => !HIDDEN_FACTS.has(name) && value !== null && value !== undefined && typeof value !== 'object')
    .map(([name, value]) => `${name} ${shortFact(name, value)}`)
  const failure = event.failure as WireFailure | undefined
  if (failure?.message) facts.push(oneLine(`${failure.type}: ${failure.message}`))
  return [event.is, ...facts].join(' · ')
}

const HIDDEN_FACTS = new Set(['is', 'at', 'task', 'delivery', 'input', 'output', 'checkpoint', 'metadata', 'payload', 'version', 'command', 'call'])

function shortFact(name: string, value: unknown): string {
  if (typeof value === 'number' && name.endsWith('At')) return new Date(value).toISOString()
  const text = oneLine(String(value))
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`
}

/** A line of a handler's log. */
export function logText(line: WireLogLine, { paint, now }: Look): string {
  const fields = line.fields && Object.keys(line.fields).length > 0 ? ` ${paint.dim(oneLine(JSON.stringify(line.fields)))}` : ''
  const level = line.level === 'info' ? '' : line.level === 'debug' ? paint.dim('debug ') : paint.bad(`${line.level} `)
  return `${paint.dim(momentText(line.at, now))}  ${level}${oneLine(line.message)}${fields}`
}

/** `mainspring explain RUN`: `holders` are the runs that its reasons name, as far as they were found. */
export function explanationText(run: WireRun, explanation: WireExplanation, holders: ReadonlyMap<string, WireRun>, look: Look): string {
  const { paint, now } = look
  const forHowLong = spanText(now - Date.parse(explanation.since))
  const closed = isClosed(explanation.state)
  const since = closed ? `${forHowLong} ago` : `for ${forHowLong}`
  const head = `${paint.bold(oneLine(run.definition))} ${shortId(run.id)} · ${paint.state(explanation.state)} ${since}`
  const clear = explanation.clear.length > 0 ? `All else is clear: ${explanation.clear.map(oneLine).join(', ')}.` : ''
  if (explanation.reasons.length === 0) {
    const plain =
      explanation.state === 'running'
        ? `${run.kind === 'workflow' ? 'Its code' : `Attempt ${run.attempt} of ${run.attempts}`} is under way.`
        : closed
          ? ''
          : 'Nothing keeps it from running.'
    return [head, '', plain, clear]
      .filter((text, index) => index === 1 || text !== '')
      .join('\n')
      .trimEnd()
  }
  const title = closed ? 'It ended because' : explanation.state === 'running' ? 'It runs, and' : 'It does not run because'
  const reasons = explanation.reasons.flatMap((reason, index) => reasonLines(reason, index + 1, holders, look))
  return [head, '', title, ...reasons, ...(clear ? [clear] : [])].join('\n')
}

export function reasonLines(reason: WireReason, number: number, holders: ReadonlyMap<string, WireRun>, { paint, now }: Look): string[] {
  const text = `  ${number}. ${oneLine(localTimes(reason.text, now))}`
  const command = reason.command ? `${' '.repeat(Math.max(6, COMMAND_COLUMN - text.length))}→ ${reason.command}` : ''
  const runs = (reason.runs ?? []).map(id => {
    const run = holders.get(id)
    if (!run) return `       ${shortId(id)}`
    const since = run.startedAt ?? run.createdAt
    return `       ${shortId(id)}  ${paint.state(run.state)} ${spanText(now - Date.parse(since))}, attempt ${run.attempt}`
  })
  return [text + command, ...runs]
}

/** Instants in a server's sentence, as this machine tells the time. */
function localTimes(text: string, now: number): string {
  return text.replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, instant => momentText(instant, now))
}

/** Commands of several reasons stand below each other, if their texts leave room. */
const COMMAND_COLUMN = 72
