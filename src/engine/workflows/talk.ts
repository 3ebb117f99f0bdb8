import { UserError } from '../../core/errors.ts'
import { newId, type Random, type RunId } from '../../core/ids.ts'
import { isClosed } from '../../core/run.ts'
import type { WorkflowState } from '../../machines/workflow/types.ts'
import { updateOf } from '../../machines/workflow/updates-kept.ts'
import type { Row } from '../../store/store.ts'
import { Actor } from '../actor.ts'
import type { Clock } from '../clock.ts'
import type { MessageCall, MessageCalls, Question, QuestionAnswer, QuestionCalls, Subject } from './talk-face.ts'

/** A worker that was asked may have died: after so long another is. */
const ANSWER_MS = 5_000
const AGAIN_MS = 100

export interface TalkOptions {
  clock: Clock
  random: Random
  subject: MessageCalls['subject']
  ask: QuestionCalls['ask']
  accept: MessageCalls['accept']
  outcome: MessageCalls['outcome']
}

/** Questions to a workflow's code, and updates, which are a question first: on any node, for what it needs is in the store, with workers, and with the run's owner. */
export function talking({ clock, random, subject, ask, accept, outcome }: TalkOptions): Pick<MessageCalls, 'query' | 'update'> {
  const answered = async (
    namespace: string,
    id: RunId,
    is: Question['is'],
    { name, input, waitMs, version }: MessageCall,
    until: number,
    signal?: AbortSignal,
  ) => {
    let wasAsked = false
    for (;;) {
      const { about } = await subject(namespace, id)
      const only = version === undefined ? {} : { version, holder: null }
      const question: Question = { ...about, id: newId(clock.now(), random), is, name, payload: input, ...only }
      const began = clock.monotonic()
      const answer = await ask(namespace, question, { waitMs: Math.min(ANSWER_MS, until - began), holderOnly: false }, signal)
      if (answer !== null) return answer
      wasAsked ||= clock.monotonic() > began
      if (clock.monotonic() >= until || signal?.aborted) throw noWorker(about, waitMs, wasAsked, version)
      await new Promise<void>(resolve => clock.after(Math.min(AGAIN_MS, until - clock.monotonic()), resolve))
    }
  }
  return {
    async query(namespace, id, query, signal) {
      const answer = await answered(namespace, id, 'query', query, clock.monotonic() + query.waitMs, signal)
      if (answer.is === 'answered') return answer.output
      throw refusalOf('query', query.name, answer)
    },
    async update(namespace, id, update, command, signal) {
      const until = clock.monotonic() + update.waitMs
      for (;;) {
        const { state, accepted } = await subject(namespace, id, command.id)
        if (accepted) break
        if (isClosed(state)) throw new UserError('run-closed', { found: id, hint: `it is ${state}` })
        const answer = await answered(namespace, id, 'update', update, until, signal)
        if (answer.is !== 'valid') throw refusalOf('update', update.name, answer)
        const { name, input } = update
        if ((await accept(namespace, id, { name, input, upTo: answer.upTo }, command)) === 'accepted') break
        if (clock.monotonic() >= until || signal?.aborted)
          throw new UserError('unavailable', { found: id, retryAfter: 1, hint: 'more happens to the run than its code has seen: try again' })
      }
      const found = await outcome(namespace, id, command.id, Math.max(0, until - clock.monotonic()), signal)
      return found ?? { is: 'accepted' }
    },
  }
}

/** As the store has it: what is committed. @throws UserError `not-a-workflow` */
export function subjectOf(row: Row, update?: string): Subject {
  const actor = Actor.load(row)
  if (actor.kind !== 'workflow') throw new UserError('not-a-workflow', { found: actor.id, hint: `it is a ${actor.kind}` })
  const state = actor.state as WorkflowState
  const { started, holder, task } = state
  return {
    state: actor.view.state,
    accepted: update !== undefined && updateOf(state, update) !== null,
    about: {
      run: actor.id,
      definition: actor.name,
      holder: task?.phase === 'running' ? task.worker : (holder?.worker ?? null),
      upTo: actor.sequence,
      input: actor.input,
      metadata: started.options?.metadata ?? null,
      tags: actor.tags,
    },
  }
}

function noWorker({ run, definition }: Subject['about'], waitMs: number, wasAsked: boolean, version?: string): UserError {
  const what = version === undefined ? `"${definition}"` : `version ${version} of "${definition}"`
  const hint = wasAsked
    ? `workers that serve ${what} were asked, and gave no answer within ${waitMs} ms`
    : `no live worker serves ${what}: start one that has its code`
  return new UserError('no-live-worker', { found: run, hint, data: { definition } })
}

function refusalOf(is: Question['is'], name: string, answer: QuestionAnswer): UserError {
  if (answer.is !== 'refused') throw new Error(`a worker answered "${answer.is}" to a question of another kind`)
  const { why, failure } = answer
  const details = { found: name, hint: failure.message }
  if (why === 'unknown') return new UserError(is === 'query' ? 'unknown-query' : 'unknown-update', { at: '/path/name', ...details })
  if (why === 'rejected') return new UserError(is === 'query' ? 'invalid-input' : 'update-rejected', { at: '/input', ...details })
  const { type, message } = failure
  return new UserError('query-failed', { ...details, data: { failure: { type, message } } })
}
