import type { WireApproval } from '@mainspring/sdk'
import { shortId } from '../../core/ids.ts'
import type { Look } from './runs.ts'
import { oneLine, pairs, table } from './table.ts'
import { distanceText, momentText } from './words.ts'

/** `mainspring approvals ls`. */
export function approvalsText(approvals: readonly WireApproval[], { now }: Look): string {
  if (approvals.length === 0) return 'Nothing waits for a person.'
  return table(
    [
      { title: 'run', value: ({ run }) => shortId(run) },
      { title: 'approval', value: nameText, widthMax: 40 },
      { title: 'asked', value: ({ since }) => distanceText(since, now) },
      { title: 'deadline', value: approval => deadlineText(approval, now) },
      { title: 'for', value: whoText, widthMax: 30 },
      { title: 'subject', value: ({ subject }) => oneLine(subject) },
    ],
    approvals,
  )
}

/** `mainspring approvals show`. */
export function approvalText(approval: WireApproval, { now, paint }: Look): string {
  const { run, state, subject, body, dag, form, since } = approval
  const facts: [string, string][] = [
    ['state', paint.state(state)],
    ['DAG run', shortId(dag.run)],
    ['asked', momentText(since, now)],
    ['deadline', deadlineText(approval, now)],
    ['for', whoText(approval)],
    ...(form === undefined ? [] : ([['form', JSON.stringify(form, null, 2)]] as [string, string][])),
  ]
  const about = body === null ? '' : `\n${body.split('\n').map(oneLine).join('\n')}\n`
  return `${oneLine(nameText(approval))} ${shortId(run)}\n${oneLine(subject)}\n${about}\n${pairs(facts, paint.dim)}`
}

function nameText({ definition, dag: { item } }: WireApproval): string {
  return oneLine(item === null ? definition : `${definition}, item ${item}`)
}

function whoText({ assignees }: WireApproval): string {
  return assignees.length === 0 ? 'anybody' : oneLine(assignees.join(', '))
}

function deadlineText({ deadline, default: then }: WireApproval, now: number): string {
  return deadline === null ? '-' : `${momentText(deadline, now)}${then === null ? '' : `, then ${then}`}`
}
