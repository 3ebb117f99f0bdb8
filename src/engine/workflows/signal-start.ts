import { UserError } from '../../core/errors.ts'
import type { RunId } from '../../core/ids.ts'
import type { StartAnswer, StartRequest } from '../face.ts'
import type { Transaction } from '../work.ts'
import { signalRun } from './signal.ts'

/**
 * The signal of a start, told to the run that it answers with, in the same commit. A repeat of the call has told it before. Where that run takes none (it is closed),
 * the start is refused.
 */
export function signalStarted(
  { run, request: { signal } }: { run: RunId; request: StartRequest },
  answer: StartAnswer,
  by: string | null,
  transaction: Transaction,
): StartAnswer {
  if (signal === undefined || answer.is === 'refused' || (answer.is === 'existing' && answer.by === 'call')) return answer
  const actor = transaction.actor(answer.run)
  try {
    if (actor === null) throw new UserError('run-closed', { found: answer.run, data: { run: answer.run } })
    signalRun(transaction, actor, { is: 'signal', command: `start-${run}`, ...signal, by })
    return answer
  } catch (error) {
    if (error instanceof UserError) return { is: 'refused', problem: error.problem }
    throw error
  }
}
