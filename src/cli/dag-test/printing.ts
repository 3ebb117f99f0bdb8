import { performance } from 'node:perf_hooks'
import type { JobContext } from '@mainspring/sdk'
import type { Middleware, MiddlewareTask } from '@mainspring/sdk/worker'
import { failureText, valueText } from '../output/runs.ts'
import { oneLine } from '../output/table.ts'
import { spanText } from '../output/words.ts'
import type { Session } from '../session.ts'

/** Prints when each attempt of a task begins, what it logs, and how it ends. */
export function printing(session: Session): Middleware {
  const { paint } = session.look
  /** Runs that have said that it is not their time yet: a sensor that asks a thousand times is told of once. */
  const waiting = new Set<string>()
  return async (task, next) => {
    const { run, attempt } = task
    const name = nameOf(task)
    const begun = performance.now()
    const say = (is: string, facts: object, text: string): void =>
      session.showLine({ is, task: name, run, attempt, ...facts }, `${oneLine(name)}  ${text}`)
    if (!waiting.has(run)) say('started', { input: task.input }, `${paint.dim('started')}${attempt > 1 ? `, attempt ${attempt}` : ''}`)
    if ('log' in task.ctx)
      printLog(task.ctx as JobContext, (level, message, fields) => say('log', { level, message, fields }, logText(level, message, fields)))
    try {
      const output = await next()
      const tookMs = Math.round(performance.now() - begun)
      say(
        'completed',
        { output, tookMs },
        `${paint.state('completed')} in ${spanText(tookMs)}${output === undefined ? '' : `: ${valueText(output)}`}`,
      )
      return output
    } catch (error) {
      const { name: type, message, stack } = error instanceof Error ? error : new Error(String(error))
      const isEarly = type === 'Snooze' || type === 'RateLimited'
      if (!isEarly || !waiting.has(run)) {
        const is = isEarly ? 'waiting' : type === 'Skip' ? 'skipped' : 'failed'
        const why = isEarly ? ': it is called again' : type === 'Skip' ? `: ${oneLine(message)}` : ` in ${spanText(performance.now() - begun)}`
        const failure = is === 'failed' ? `\n${failureText({ type, message, stack: theirs(stack) })}` : ''
        say(is, { failure: { type, message } }, `${is === 'failed' ? paint.bad(is) : paint.dim(is)}${why}${failure}`)
      }
      if (isEarly) waiting.add(run)
      throw error
    }
  }

  function logText(level: string, message: string, fields: object | undefined): string {
    const more = fields === undefined || Object.keys(fields).length === 0 ? '' : ` ${paint.dim(oneLine(JSON.stringify(fields)))}`
    return `${level === 'info' ? '' : `${level} `}${oneLine(message)}${more}`
  }
}

/** Without what called the handler. */
function theirs(stack = ''): string {
  const lines = stack.split('\n')
  const ours = lines.findIndex(line => line.includes(import.meta.url))
  return lines.slice(0, ours < 0 ? lines.length : ours).join('\n')
}

/** As its DAG calls it; of what a task has started, as its definition is called. */
function nameOf({ ctx, definition }: MiddlewareTask): string {
  const { dag } = ctx as { dag?: { task: string; item?: number } }
  return dag === undefined ? definition : `${dag.task}${dag.item === undefined ? '' : `[${dag.item}]`}`
}

type Level = 'debug' | 'info' | 'warn' | 'error'

/** The log of an attempt is its own. */
function printLog({ log }: JobContext, print: (level: Level, message: string, fields: Record<string, unknown> | undefined) => void): void {
  for (const level of ['debug', 'info', 'warn', 'error'] as const) {
    const kept = log[level].bind(log)
    log[level] = (message, fields) => {
      print(level, message, fields)
      kept(message, fields)
    }
  }
}
