import { Type } from 'typebox'
import { PAGE_DEFAULT } from '../core/bounds.ts'
import { UserError } from '../core/errors.ts'
import type { Payload } from '../core/run.ts'
import { type ApprovalView, type Engine, withDefaults } from '../engine/face.ts'
import { Empty, object, orNull, State, Time } from './answers.ts'
import { openCursor, sealCursor } from './cursor.ts'
import { checkFits } from './dag-start.ts'
import { payloadOf } from './inputs.ts'
import { formatInstant } from './instants.ts'
import { cursor, limit, type Operation, operation, type Request } from './operation.ts'
import { Payload as AnyPayload, closed, Name, Note } from './schemas.ts'
import { instantOrNull } from './views.ts'

const APPROVALS = '/v1/namespaces/{namespace}/approvals'
const RUN = '/v1/namespaces/{namespace}/runs/{run}'

const approval = {
  run: Type.String(),
  state: State,
  definition: Type.String({ description: 'the DAG and the id of its task' }),
  dag: object({ run: Type.String(), task: Type.String(), item: orNull(Type.Integer()) }),
  subject: Type.String(),
  body: orNull(Type.String()),
  form: Type.Optional({ ...AnyPayload, description: 'JSON Schema of what comes with an approval' }),
  assignees: Type.Array(Type.String(), { description: 'names of the API keys that may answer; none: any' }),
  since: Time,
  deadline: orNull(Time),
  default: orNull(Type.Enum(['approve', 'reject'], { description: 'the answer at the deadline; null: it times out' })),
  onReject: Type.Enum(['skip', 'fail', 'continue']),
}
const Approval = object(approval, 'Approval')
const Approvals = object({ approvals: Type.Array(Approval), next: orNull(Type.String()) }, 'Approvals')

const by = Type.Optional({ ...Name, description: 'who answers, where no API key says it' })
const Approve = closed(
  { input: Type.Optional({ ...AnyPayload, description: 'what its form asks for' }), why: Type.Optional(Note), by },
  { title: 'Approve' },
)
const Reject = closed({ why: Type.Optional(Note), by }, { title: 'Reject' })

const list = operation({
  name: 'approvals.list',
  method: 'GET',
  path: APPROVALS,
  summary: 'What waits for a person to approve it, the newest first',
  query: { limit, cursor },
  answers: { 200: Approvals },
  async handle({ engine, params, query }) {
    const listed = ['approvals', params.namespace]
    const page = { after: openCursor(query.cursor, listed), limit: query.limit ?? PAGE_DEFAULT }
    const { rows, next } = await engine.approvals.list(params.namespace, page)
    return JSON.stringify({ approvals: rows.map(approvalJson), next: sealCursor(next, listed) })
  },
})

const get = operation({
  name: 'approvals.get',
  method: 'GET',
  path: `${RUN}/approval`,
  summary: 'What a person is asked, and who may answer',
  answers: { 200: Approval },
  handle: async ({ engine, params, runId }) => JSON.stringify(approvalJson(await engine.approvals.get(params.namespace, await runId()))),
})

const approve = operation({
  name: 'approvals.approve',
  method: 'POST',
  path: `${RUN}/approve`,
  summary: 'Approve, with what the form asks for: its DAG goes on',
  body: { schema: Approve, raw: { input: 'raw' }, optional: true },
  answers: { 200: Empty },
  async handle(request) {
    const { engine, params, body, payloads, runId } = request
    const run = await runId()
    const given = body.input === undefined ? null : payloadOf(body.input, payloads)
    const input = await checkedInput(engine, params.namespace, run, given)
    await engine.approvals.answer(params.namespace, run, { is: 'approve', ...(input !== null && { input }) }, commandOf(request, body))
    return '{}'
  },
})

const reject = operation({
  name: 'approvals.reject',
  method: 'POST',
  path: `${RUN}/reject`,
  summary: 'Reject: what is after it is skipped, or as its DAG says',
  body: { schema: Reject, optional: true },
  answers: { 200: Empty },
  async handle(request) {
    const { engine, params, body, runId } = request
    await engine.approvals.answer(params.namespace, await runId(), { is: 'reject' }, commandOf(request, body))
    return '{}'
  },
})

/** What the form asks for, with what it has a default for. @throws UserError `invalid-input` */
async function checkedInput(engine: Engine, namespace: string, run: string, given: Payload | null): Promise<Payload | null> {
  const { form } = (await engine.approvals.get(namespace, run)).asked
  if (form === undefined) {
    if (given !== null) throw new UserError('invalid-input', { at: '/input', hint: 'this approval has no form: leave it out' })
    return null
  }
  const schema = JSON.stringify(form)
  const input = withDefaults(schema, given) ?? '{}'
  checkFits(schema, input, { at: '/input', of: 'its form', hint: `see \`mainspring approvals show ${run}\` for what its form asks` })
  return input
}

/** A key says who it is; where none is asked for, whoever calls does. */
function commandOf({ by, command }: Pick<Request<object, unknown>, 'by' | 'command'>, body: { by?: string; why?: string }) {
  if (by !== null && body.by !== undefined && body.by !== by)
    throw new UserError('invalid-option', { at: '/by', found: body.by, hint: `your API key says that you are "${by}": leave it out` })
  return { ...command(), by: by ?? body.by ?? null, why: body.why ?? null }
}

function approvalJson({ asked, since, deadlineAt, ...rest }: ApprovalView): object {
  const { subject, body = null, form, assignees = [], default: then = null, onReject = 'skip' } = asked
  const times = { since: formatInstant(since), deadline: instantOrNull(deadlineAt) }
  return { ...rest, subject, body, ...(form !== undefined && { form }), assignees, ...times, default: then, onReject }
}

export const approvals: Operation[] = [list, get, approve, reject]
