import { UserError } from '../../core/errors.ts'
import type { RunId } from '../../core/ids.ts'
import { type HistoryEvent, isClosed, type Payload } from '../../core/run.ts'
import { planOf } from '../../machines/dag/plan.ts'
import { type Need, rerunOf } from '../../machines/dag/rerun.ts'
import { OUTPUTS_LENGTH_MAX } from '../../machines/dag/spec.ts'
import type { DagEvent } from '../../machines/dag/types.ts'
import type { ClosedRow, Row } from '../../store/store.ts'
import { Actor } from '../actor.ts'
import type { Definitions } from '../definitions.ts'
import type { Fork } from '../starts.ts'
import type { DagRerun, RerunTask } from './face.ts'
import { planned } from './tasks.ts'

/** Rows that are asked for at once. */
const READ_TOGETHER = 50

/**
 * A new run that goes on where a closed one of a DAG has ended. What tasks that run again are given is read from its history, else from the runs of its tasks.
 * @throws UserError `run-open`, `unknown-step`, `output-gone`, `history-too-long`
 */
export async function dagFork(
  found: Row,
  history: readonly HistoryEvent[],
  { newest, ...selection }: DagRerun,
  { definitions, read }: { definitions: Definitions; read: (run: RunId) => Promise<Row | null> },
): Promise<Fork & { tasks: RerunTask[] }> {
  if (!isClosed(found.state)) throw new UserError('run-open', { found: found.id, hint: 'cancel it first, or wait until it is closed' })
  const actor = Actor.load(found)
  const { state, plan: before } = planned(actor, definitions)
  const { version, dag } = definitions.require(found.namespace, found.name, '/path/run')
  const isMoved = newest && version !== state.started.version
  const plan = isMoved && dag !== undefined ? planOf(dag) : before
  const rerun = rerunOf(plan, { self: found.id, state, plan: before, history: history as readonly DagEvent[] }, selection)
  if ('refused' in rerun) {
    const { refused: hint, found: name } = rerun
    throw new UserError('unknown-step', { at: selection.items === undefined ? '/tasks' : '/items', hint, ...(name === null ? {} : { found: name }) })
  }
  const { first, kept } = rerun
  const [outputs, choices] = [await given(rerun.outputs, read), await given(rerun.choices, read)]
  if (lengthOf(outputs) + lengthOf(choices) > OUTPUTS_LENGTH_MAX)
    throw new UserError('history-too-long', {
      hint: `the outputs that its tasks need are more than ${OUTPUTS_LENGTH_MAX} characters: run what gives them again, too, or retry the whole`,
    })
  return {
    from: first,
    reset: false,
    start: { version: isMoved ? version : state.started.version, kept: { ...kept, outputs }, choices },
    tasks: plan.ids.flatMap((task, n): RerunTask[] => {
      if (kept.tasks[n] === '.') return [{ task, items: null }]
      const items = [...(kept.items[n] ?? '')].filter(letter => letter === '.' || letter === 'q').length
      return items === 0 ? [] : [{ task, items }]
    }),
  }
}

/** `from` as a workflow has it is a task, with all that wait for it. @throws UserError `invalid-option`, `unknown-step` */
export function rerunAsked(from: number | string | null, input: Payload | undefined, rerun: DagRerun | undefined): DagRerun {
  if (input !== undefined)
    throw new UserError('invalid-option', { at: '/input', hint: 'what is kept of a DAG was made for its input: retry it for another' })
  if (from !== null && rerun !== undefined)
    throw new UserError('invalid-option', { at: '/from', found: from, hint: 'name them all in `tasks`, or one here, with all that wait for it' })
  if (rerun?.items !== undefined && rerun.tasks === null)
    throw new UserError('invalid-option', { at: '/items', hint: 'items of which tasks? Name them in `tasks`' })
  if (typeof from === 'number') throw new UserError('unknown-step', { at: '/from', found: from, hint: 'the tasks of a DAG have names' })
  return rerun ?? { tasks: from === null ? null : [from], downstream: from !== null, upstream: false, newest: false }
}

/** By reference; what a task gave nothing for is left out. */
async function given(needs: readonly Need[], read: (run: RunId) => Promise<Row | null>): Promise<Record<number, Payload>> {
  const outputs: Record<number, Payload> = {}
  for (let from = 0; from < needs.length; from += READ_TOGETHER)
    await Promise.all(
      needs.slice(from, from + READ_TOGETHER).map(async ({ ref, output, run }) => {
        const known = output ?? (await outputOf(run, read))
        if (known !== undefined) outputs[ref] = known
      }),
    )
  return outputs
}

async function outputOf(run: RunId, read: (run: RunId) => Promise<Row | null>): Promise<Payload | undefined> {
  const row = await read(run)
  if (row === null)
    throw new UserError('output-gone', {
      found: run,
      hint: 'what it gave went with it, and a task that runs again needs it: run its task again, too',
    })
  return isClosed(row.state) ? ((row as ClosedRow).output ?? undefined) : undefined
}

function lengthOf(outputs: Record<number, Payload>): number {
  return Object.values(outputs).reduce((sum, output) => sum + output.length, 0)
}
