import * as check from '../checks.ts'
import { InvalidOption } from '../errors.ts'
import { type AnyJob, job } from '../job.ts'
import type { JobOptions } from '../options.ts'

/**
 * Options of a queued step: those of a job. `per`, `fair` and `sequence` are paths into `{ key }`, what `ctx.run` gives as `key`: `'key'`, or `'key.tenant'` where that is
 * a record. Example: `{ queue: 'bank', limits: [{ per: 'key', concurrency: 1 }, { rate: 10, every: '1s' }], timeout: { attempt: '5m', heartbeat: '30s' } }`.
 */
export type QueuedStepOptions = Pick<JobOptions, (typeof OPTIONS)[number]>
const OPTIONS = [
  'queue',
  'priority',
  'retry',
  'timeout',
  'expires',
  'exhausted',
  'retention',
  'tags',
  'labels',
  'limits',
  'fair',
  'sequence',
  'cost',
] as const

/** By their names. */
export type QueuedSteps = Readonly<Record<string, AnyJob>>

/** What a queued step's run is given: which operation of which run it is, counted from the event `base`, with which the code begins. */
export interface QueuedStepInput {
  run: string
  base: number
  n: number
  key?: StepKey
}
/** What the limits of a queued step are counted by. */
export type StepKey = string | number | Readonly<Record<string, string | number>>

/** A step that is a run of its own, `order.charge`: it waits in a queue, under limits, and its function is run by any worker that has the workflow's code. */
export interface QueuedStep extends AnyJob {
  readonly step: string
  readonly workflow: AnyJob
}

/** Of any copy of the SDK. */
export function isQueuedStep(one: AnyJob): one is QueuedStep {
  return typeof (one as Partial<QueuedStep>).step === 'string' && (one as Partial<QueuedStep>).workflow !== undefined
}

export function queuedStepsOf(workflow: AnyJob): QueuedSteps {
  // Of what is no job, whoever is given it says so.
  const { definition, steps = {} } = (workflow ?? {}) as Partial<AnyJob> & { steps?: QueuedSteps }
  return definition?.kind === 'workflow' ? steps : {}
}

/** @throws InvalidOption, with its place among the options of the workflow. */
export function queuedSteps(workflow: AnyJob, options: Readonly<Record<string, QueuedStepOptions>>): QueuedSteps {
  return Object.fromEntries(Object.entries(check.record(options, '/steps')).map(([step, own]) => [step, queuedStep(workflow, step, own)]))
}

function queuedStep(workflow: AnyJob, step: string, given: unknown): QueuedStep {
  const at = `/steps/${step}`
  const options = check.record(given, at) as QueuedStepOptions
  for (const option of Object.keys(options))
    if (!OPTIONS.includes(option as (typeof OPTIONS)[number]))
      check.refuse(option, `${at}/${option}`, `a queued step has ${OPTIONS.join(', ')}`, 'There is no such option')
  const name = check.name(`${workflow.name}.${step}`, at)
  const handler = (): never => {
    throw new Error(`step "${step}" is run by a worker that has the workflow "${workflow.name}"`)
  }
  try {
    const { exhausted } = workflow.options
    return Object.assign(job(name, { ...(exhausted && { exhausted }), ...options, version: workflow.version }, handler), { step, workflow })
  } catch (error) {
    if (!(error instanceof InvalidOption)) throw error
    throw Object.assign(error, { at: `${at}${error.at ?? ''}` })
  }
}

/** @throws InvalidOption: it is no text, number, or record of these. */
export function stepKey(value: unknown, at: string): StepKey {
  const isWord = (one: unknown): boolean => typeof one === 'string' || (typeof one === 'number' && Number.isFinite(one))
  const fits = isWord(value) || (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(isWord))
  if (!fits || JSON.stringify(value).length > KEY_LENGTH_MAX)
    check.refuse(value, at, `a text, a number, or a record of these, of up to ${KEY_LENGTH_MAX} characters`)
  return value as StepKey
}
const KEY_LENGTH_MAX = 500
