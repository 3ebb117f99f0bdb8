import { type Read, type ReadTask, specialOf } from './form.ts'
import type { Doing } from './operators.ts'
import { durationOf } from './options.ts'
import { paramsSchema } from './params.ts'
import type { TemplateFrame } from './templates.ts'
import { valueIn } from './values.ts'

/** Operators of Airflow 3.1 for a human in the loop. */
export const APPROVALS: ReadonlySet<string> = new Set(['ApprovalOperator', 'HITLOperator', 'HITLEntryOperator', 'HITLBranchOperator'])

/** A person does it. What Airflow gives as `chosen_options` and `params_input` is asked for by the form, and found in `input` of what it gives. */
export function approvalOf(task: ReadTask, frame: TemplateFrame): Doing {
  const { operator, options: given } = task
  const text = (name: string): string | undefined => {
    const value = valueIn(given[name] ?? null, frame, null)
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const isApproval = operator === 'ApprovalOperator'
  const branches = operator === 'HITLBranchOperator'
  const defaults = textsOf(given.defaults)
  const deadline = durationOf(given.response_timeout) ?? durationOf(given.execution_timeout)
  const assignees = usersOf(given.assigned_users)
  const form = formOf(task, defaults)
  if (given.notifiers !== undefined)
    frame.missing('notifiers', 'nobody is notified', 'a task before it that tells people, with `mainspring approve` in its text')
  if (given.assigned_users !== undefined && assignees === null)
    frame.missing('assigned-users', 'who may answer is not known from the text', '`assignees:` names API keys')
  const body = text('body')
  return {
    approval: {
      subject: text('subject') ?? frame.task,
      ...(body !== undefined && { body }),
      ...(form !== null && { form }),
      ...(assignees !== null && { assignees }),
      ...(deadline !== null && { deadline }),
      ...(deadline !== null && defaults.length > 0 && { default: isApproval && defaults[0] === 'Reject' ? 'reject' : 'approve' }),
      ...(isApproval && given.fail_on_reject === true && { onReject: 'fail' }),
    },
    ...(branches && { branch: true as const }),
    ...(isApproval && given.ignore_downstream_trigger_rules === true && { shortCircuit: 'all' as const }),
  }
}

function formOf({ operator, options }: ReadTask, defaults: readonly string[]): Record<string, unknown> | null {
  const params = objectOf(options.params)
  const schema = params === null ? null : paramsSchema(params)
  const asked = schema === null ? {} : { params_input: { ...schema, type: 'object' } }
  const choices = operator === 'ApprovalOperator' ? [] : textsOf(options.options)
  const names = operator === 'HITLBranchOperator' ? choices.map(choice => mappedTo(options.options_mapping, choice)) : choices
  // Of one there is nothing to choose: `OK`, the default of HITLEntryOperator.
  if (names.length < 2 && operator !== 'HITLBranchOperator') return schema === null ? null : { type: 'object', properties: asked }
  const name = operator === 'HITLBranchOperator' ? 'branch' : 'chosen_options'
  const isFew = options.multiple !== true
  const preset =
    defaults.length > 0 ? { default: operator === 'HITLBranchOperator' ? defaults.map(one => mappedTo(options.options_mapping, one)) : defaults } : {}
  const choice = { type: 'array', items: { enum: names }, minItems: 1, ...(isFew && { maxItems: 1 }), ...preset }
  return { type: 'object', properties: { [name]: choice, ...asked }, required: [name] }
}

function mappedTo(mapping: Read | undefined, choice: string): string {
  const to = objectOf(mapping)?.[choice]
  return typeof to === 'string' ? to : choice
}

/** `{ id, name }`, one or several. */
function usersOf(users: Read | undefined): string[] | null {
  if (users === undefined || users === null) return null
  const names = (Array.isArray(users) ? users : [users]).map(user => {
    const special = specialOf(user)
    const { name, id } = (special?.$ === 'thing' ? special.options : (objectOf(user) ?? {})) as { name?: Read; id?: Read }
    return name ?? id
  })
  return names.every(name => typeof name === 'string') && names.length > 0 ? (names as string[]) : null
}

function textsOf(value: Read | undefined): string[] {
  return (Array.isArray(value) ? value : [value]).filter(one => typeof one === 'string')
}

function objectOf(value: Read | undefined): Record<string, Read> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && specialOf(value) === null ? value : null
}
