import type { LiveEvent, WireLogLine, WireRun } from '@mainspring/sdk'
import { shortId } from '../core/ids.ts'
import { isClosed } from '../core/run.ts'
import { allLogs } from './logs.ts'
import { failureText, logText, noteText, progressText, valueText } from './output/runs.ts'
import { spanText } from './output/words.ts'
import type { Session } from './session.ts'
import { EXIT, type ExitCode } from './terminal.ts'

/** Follows a run to its end: log lines, progress and what it came to. Answers the run's outcome as an exit code. */
export async function followRun(session: Session, run: string): Promise<ExitCode> {
  const printer = new RunPrinter(session)
  for await (const event of session.client.handle(run).events()) printer.event(event)
  await printMissed(session, run, printer)
  return printer.end()
}

/** The log lines of a run alone, until it ends. */
export async function followLogs(session: Session, run: string): Promise<void> {
  const seen = new Lines()
  const print = (line: WireLogLine): void => {
    if (seen.fresh(line)) session.showLine(line, logText(line, session.look))
  }
  for await (const event of session.client.handle(run).events()) if (event.is === 'log') event.lines.forEach(print)
  for await (const line of allLogs(session.client, run)) print(line)
}

/** Waits for the end of a run and prints it. */
export async function waitRun(session: Session, run: string): Promise<ExitCode> {
  let last: (LiveEvent & { is: 'run' }) | null = null
  for await (const event of session.client.handle(run).events()) if (event.is === 'run') last = event
  const printer = new RunPrinter(session)
  if (last) printer.ended(last)
  return printer.end()
}

/** Lines that were written while the stream was away are not told again by it: the log itself has them. */
async function printMissed(session: Session, run: string, printer: RunPrinter): Promise<void> {
  for await (const line of allLogs(session.client, run)) printer.line(line)
}

class RunPrinter {
  readonly #session: Session
  readonly #lines = new Lines()
  #shown = ''
  #last: (LiveEvent & { is: 'run' }) | null = null

  constructor(session: Session) {
    this.#session = session
  }

  event(event: LiveEvent): void {
    if (event.is === 'log') for (const line of event.lines) this.line(line)
    if (event.is === 'run') this.#run(event)
  }

  line(line: WireLogLine): void {
    if (this.#lines.fresh(line)) this.#session.showLine({ is: 'log', ...line }, logText(line, this.#session.look))
  }

  ended(event: LiveEvent & { is: 'run' }): void {
    this.#last = event
  }

  /** What the run came to goes last, behind lines that were late. */
  end(): ExitCode {
    const { run, output } = this.#last ?? {}
    if (!run) return EXIT.failed
    this.#session.showLine({ is: 'ended', run, output }, endText(this.#session, run, output))
    return run.state === 'completed' ? EXIT.done : EXIT.failed
  }

  #run(event: LiveEvent & { is: 'run' }): void {
    this.#last = event
    const { run } = event
    if (isClosed(run.state)) return
    const text = changeText(this.#session, run)
    if (text === this.#shown) return
    this.#shown = text
    this.#session.showLine({ is: 'run', run }, text)
  }
}

/** What has changed of an open run, in a line. */
function changeText(session: Session, run: WireRun): string {
  const { paint, now } = session.look
  const attempt = run.attempt > 1 || run.state === 'waiting' ? ` attempt ${run.attempt} of ${run.attempts}` : ''
  const note = run.state === 'running' ? (run.progress ? progressText(run.progress) : '') : noteText(run, now)
  return [paint.state(run.state) + attempt, note].filter(text => text !== '').join(' · ')
}

function endText(session: Session, run: WireRun, output: unknown): string {
  const { paint } = session.look
  const took = run.closedAt ? ` in ${spanText(Date.parse(run.closedAt) - Date.parse(run.startedAt ?? run.createdAt))}` : ''
  const head = `${run.definition} ${shortId(run.id)} ${paint.state(run.state)}${took}${run.reason ? ` (${run.reason})` : ''}`
  if (run.state === 'completed') return output === undefined || output === null ? head : `${head}\n${valueText(output)}`
  return run.failure ? `${head}\n${failureText(run.failure)}` : head
}

/** Log lines by delivery and number: the same may come from the stream and from the log. */
class Lines {
  readonly #seen = new Set<string>()

  fresh(line: WireLogLine): boolean {
    const name = `${line.delivery} ${line.n}`
    if (this.#seen.has(name)) return false
    this.#seen.add(name)
    return true
  }
}
