import { UserError } from '../../core/errors.ts'
import { isId } from '../../core/ids.ts'
import { instantOf } from '../wait/times.ts'
import { AWAITED_TASKS_MAX, type DagWait } from './spec.ts'

const SUBJECTS = ['signal', 'callback', 'until', 'plusMs', 'dag', 'run'] as const
/** Of what each is; the others belong to all of them. */
const OF = { dag: ['for', 'earlierMs', 'tasks'], runs: ['states', 'failStates', 'skipStates'] } as const
const SAID: Readonly<Partial<Record<keyof DagWait, string>>> = { plusMs: 'plus', earlierMs: 'earlier', timeoutMs: 'timeout' }

/** @throws UserError `invalid-dag` */
export function checkWait(wait: DagWait, at: string, isMapped: boolean): void {
  const refuse = (field: keyof DagWait, hint: string): never => {
    const found = wait[field]
    throw new UserError('invalid-dag', { at: `${at}/${SAID[field] ?? field}`, hint, ...(found !== undefined && { found }) })
  }
  const [one, ...others] = SUBJECTS.filter(subject => wait[subject] !== undefined)
  if (one === undefined)
    throw new UserError('invalid-dag', {
      at,
      hint: 'say what it waits for: `signal: NAME`, `callback: true`, `until: TIME`, `plus: DURATION` (after the end of the interval), `dag: NAME`, or `run: ID`',
    })
  const isTime = one === 'until' || one === 'plusMs'
  const second = others.find(other => !(isTime && other === 'plusMs'))
  if (second !== undefined) refuse(second, `a task waits for one thing, and this one has \`${SAID[one] ?? one}\``)
  for (const field of OF.dag)
    if (one !== 'dag' && wait[field] !== undefined)
      refuse(field, `only a wait for a run of another DAG by its time (\`dag\`) has \`${SAID[field as keyof DagWait] ?? field}\``)
  for (const field of OF.runs)
    if (one !== 'dag' && one !== 'run' && wait[field] !== undefined) refuse(field, `only a wait for a run (\`dag\`, \`run\`) has \`${field}\``)
  if (wait.run !== undefined && !wait.run.includes('{{') && !isId(wait.run))
    refuse('run', 'the id of a run, all 26 characters of it, or a placeholder of one such as {{output.start:run}}')
  if (one === 'callback' && isMapped)
    refuse('callback', 'what runs once for each item has no one token: wait for a signal whose name has its {{item}}')
  for (const field of ['until', 'for'] as const) {
    const text = wait[field]
    if (text !== undefined && !text.includes('{{') && instantOf(text) === null)
      refuse(field, 'a time such as 2026-03-01T09:00:00Z (without an offset: UTC), or a placeholder of one such as {{intervalEnd}}')
  }
  if (wait.tasks !== undefined && (wait.tasks.length === 0 || wait.tasks.length > AWAITED_TASKS_MAX))
    refuse('tasks', `1 to ${AWAITED_TASKS_MAX} tasks of the other DAG`)
  if (wait.dag?.includes('{{')) refuse('dag', 'the name of a DAG as it stands: it has no placeholders')
  for (const field of ['default', 'onTimeout'] as const)
    if (wait[field] !== undefined && wait.timeoutMs === undefined) refuse(field, 'it is what happens at the time-out: say `timeout`')
  if (wait.default !== undefined && wait.onTimeout !== undefined)
    refuse('onTimeout', 'with a `default` it neither fails nor is skipped: leave one out')
  for (const states of ['failStates', 'skipStates'] as const) {
    const twice = wait[states]?.find(
      state => (wait.states ?? ['success']).includes(state) || (states === 'skipStates' && wait.failStates?.includes(state)),
    )
    if (twice !== undefined) throw new UserError('invalid-dag', { at: `${at}/${states}`, found: twice, hint: 'one state has one meaning' })
  }
}
