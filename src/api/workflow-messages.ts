import { type Static, Type } from 'typebox'
import { DEFINITIONS_PER_CALL_MAX, TASKS_PER_CALL_MAX, WAIT_MS_MAX } from '../core/bounds.ts'
import type { Question, QuestionAnswer, UpdateAnswer } from '../engine/face.ts'
import { Empty, Existing, object, Started } from './answers.ts'
import { failureOf, payloadOf, storable } from './inputs.ts'
import { quote } from './json.ts'
import { type Operation, operation } from './operation.ts'
import { closed, count, Failure, list, Name, NOTE_LENGTH_MAX, Note, Payload } from './schemas.ts'
import { Message, Query } from './workflow-schemas.ts'

/** What one says to a workflow's code and hears of it at once, and the side of the workers, which are asked. */

const RUN = '/v1/namespaces/{namespace}/runs/{run}'
const TASKS = '/v1/namespaces/{namespace}/tasks'
const WAIT_MS_DEFAULT = 10_000

const Queried = object({ output: Type.Optional(Payload) }, 'Queried')
export const Updated = object(
  {
    update: Type.String({ description: "its id: the call's idempotency key" }),
    is: Type.Enum(['accepted', 'completed', 'failed'], {
      description: '`accepted`: it is on disk, and its handler has not ended: repeat the call to wait on',
    }),
    output: Type.Optional(Payload),
    failure: Type.Optional(Failure),
  },
  'Updated',
)

const told = { update: Type.Optional(Updated) }
export const StartedRun = object({ ...Started.properties, ...told }, 'StartedRun')
export const ExistingRun = object({ ...Existing.properties, ...told }, 'ExistingRun')

const query = operation({
  name: 'runs.query',
  method: 'POST',
  path: `${RUN}/queries/{name}`,
  summary: 'Ask the code of a workflow, open or closed, which only looks; nothing of it is kept',
  body: { schema: Query, raw: { input: 'raw' }, optional: true },
  answers: { 200: Queried },
  async handle({ engine, params, body, payloads, runId, signal }) {
    const output = await engine.runs.query(params.namespace, await runId(), queryOf(params.name, body, payloads), signal)
    return output === null ? '{}' : `{"output":${output}}`
  },
})

const update = operation({
  name: 'runs.update',
  method: 'POST',
  path: `${RUN}/updates/{name}`,
  summary: 'Tell the code of a workflow something that it takes or refuses, and wait for what its handler gives; a repeat answers the same',
  body: { schema: Message, raw: { input: 'raw' }, optional: true },
  answers: { 200: Updated },
  async handle({ engine, params, body, payloads, runId, command, signal }) {
    const asked = command()
    const answer = await engine.runs.update(params.namespace, await runId(), messageOf(params.name, body, payloads), asked, signal)
    return updatedText(asked.id, answer)
  },
})

export function updatedText(id: string, answer: UpdateAnswer): string {
  const known = `{"update":${quote(id)},"is":"${answer.is}"`
  if (answer.is === 'failed') return `${known},"failure":${JSON.stringify(answer.failure)}}`
  return answer.is === 'completed' && answer.output !== null ? `${known},"output":${answer.output}}` : `${known}}`
}

export function messageOf(name: string, { input, wait = WAIT_MS_DEFAULT }: Static<typeof Message>, payloads: readonly string[]) {
  return { name, input: input === undefined ? null : payloadOf(input, payloads), waitMs: wait }
}

function queryOf(name: string, { version, ...body }: Static<typeof Query>, payloads: readonly string[]) {
  return { ...messageOf(name, body, payloads), ...(version !== undefined && { version }) }
}

const PROMISE = '/v1/namespaces/{namespace}/promises/{token}'

const resolve = operation({
  name: 'promises.resolve',
  method: 'POST',
  path: `${PROMISE}/resolve`,
  summary: 'Give a workflow, or a task of a DAG, what it waits for; whoever knows the token of its promise may, without an API key',
  body: { schema: closed({ value: Type.Optional(Payload) }, { title: 'Resolution' }), raw: { value: 'raw' }, optional: true },
  answers: { 200: Empty },
  async handle({ engine, params, body, payloads, command }) {
    const output = body.value === undefined ? null : payloadOf(body.value, payloads)
    await engine.runs.settle(params.namespace, params.token, { output }, command())
    return '{}'
  },
})

const reject = operation({
  name: 'promises.reject',
  method: 'POST',
  path: `${PROMISE}/reject`,
  summary:
    'Tell a workflow, or a task of a DAG, that what it waits for will not come; whoever knows the token of its promise may, without an API key',
  body: { schema: closed({ message: Type.Optional(Note) }, { title: 'Rejection' }), optional: true },
  answers: { 200: Empty },
  async handle({ engine, params, body, command }) {
    const message = storable(body.message ?? 'rejected', NOTE_LENGTH_MAX)
    const failure = { type: 'Rejected', message, code: 'rejected' }
    await engine.runs.settle(params.namespace, params.token, { output: null, failure }, command())
    return '{}'
  },
})

const Asker = closed(
  {
    worker: Name,
    serves: list(Name, DEFINITIONS_PER_CALL_MAX),
    versions: Type.Optional(
      Type.Record(Type.String(), Name, { description: 'of the code that it has, by definition', maxProperties: DEFINITIONS_PER_CALL_MAX }),
    ),
    wait: Type.Optional(count(0, WAIT_MS_MAX)),
  },
  { title: 'Asker' },
)
const Questions = object(
  {
    questions: Type.Array(
      object({
        question: Type.String(),
        is: Type.Enum(['query', 'update'], { description: '`update`: whether the code would take it; nothing is done' }),
        run: Type.String(),
        definition: Type.String(),
        upTo: Type.Integer({ description: 'so many events there are: the answer goes by all of them' }),
        name: Type.String(),
        payload: Type.Optional(Payload),
        input: Type.Optional(Payload),
        metadata: Type.Optional(Payload),
        tags: Type.Optional(Type.Record(Type.String(), Type.String())),
      }),
    ),
  },
  'Questions',
)
const Answers = closed(
  {
    answers: list(
      Type.Union(
        [
          closed({ question: Name, is: Type.Literal('answered'), output: Type.Optional(Payload) }),
          closed({ question: Name, is: Type.Literal('valid'), upTo: count(0, Number.MAX_SAFE_INTEGER) }),
          closed({ question: Name, is: Type.Literal('refused'), why: Type.Enum(['unknown', 'rejected', 'failed']), failure: Failure }),
        ],
        { title: 'QuestionAnswer' },
      ),
      TASKS_PER_CALL_MAX,
    ),
  },
  { title: 'Answers' },
)

const questions = operation({
  name: 'tasks.questions',
  method: 'POST',
  path: `${TASKS}/questions`,
  summary: 'Wait for questions to the code of workflows',
  body: { schema: Asker },
  answers: { 200: Questions },
  async handle({ engine, params, body, signal }) {
    const { worker, serves, versions = {}, wait = 0 } = body
    const asked = await engine.tasks.asked(params.namespace, { worker, serves, versions, waitMs: wait }, signal)
    return `{"questions":[${asked.map(questionText).join(',')}]}`
  },
})

function questionText({ id, is, run, definition, upTo, name, payload, input, metadata, tags }: Question): string {
  const known = JSON.stringify({ question: id, is, run, definition, upTo, name, ...(tags !== null && { tags }) })
  const told = Object.entries({ payload, input, metadata }).flatMap(([fact, text]) => (text === null ? [] : [`,"${fact}":${text}`]))
  return `${known.slice(0, -1)}${told.join('')}}`
}

const answers = operation({
  name: 'tasks.answers',
  method: 'POST',
  path: `${TASKS}/answers`,
  summary: 'Answer questions to the code of workflows',
  body: { schema: Answers, raw: { answers: [{ output: 'raw' }] } },
  answers: { 200: Empty },
  async handle({ engine, params, body, payloads }) {
    await engine.tasks.answer(
      params.namespace,
      body.answers.map(answer => answerOf(answer, payloads)),
    )
    return '{}'
  },
})

function answerOf(answer: Static<typeof Answers>['answers'][number], payloads: readonly string[]): QuestionAnswer {
  if (answer.is === 'answered') return { ...answer, output: answer.output === undefined ? null : payloadOf(answer.output, payloads) }
  return answer.is === 'refused' ? { ...answer, failure: failureOf(answer.failure) } : answer
}

export const workflowMessages: Operation[] = [query, update, resolve, reject, questions, answers]
