import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type Approval, approvalQuery, approve, reject } from '../api/approvals.ts'
import { isClosed } from '../api/runs.ts'
import { useSession } from '../api/session.ts'
import { useAction } from '../api/use-action.ts'
import { shortId } from '../format/id.ts'
import { Button } from '../parts/button.tsx'
import { Command, commandText } from '../parts/command.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { TextArea, TextField } from '../parts/field.tsx'
import { type Draft, newDraft, readDraft, SchemaForm } from '../parts/schema-form.tsx'
import { problemsAt } from '../parts/start-options.ts'
import { ErrorState, ProblemText, Skeleton } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'

interface AnswerProps {
  namespace: string
  run: string
  onClose(): void
}

/** What is asked, with its form, and the answer. */
export default function AnswerDialog(props: AnswerProps) {
  const { data, error, refetch } = useQuery(approvalQuery(props.namespace, props.run))
  if (data !== undefined) return <Answer {...props} approval={data} />
  return (
    <Dialog open onClose={props.onClose} title="Approval">
      {error === null ? <Skeleton lines={4} /> : <ErrorState error={error} retry={() => void refetch()} />}
    </Dialog>
  )
}

function Answer({ namespace, run, approval, onClose }: AnswerProps & { approval: Approval }) {
  const { subject, body, form, assignees, deadline } = approval
  const [draft, setDraft] = useState<Draft>(() => newDraft(form))
  const [why, setWhy] = useState('')
  const [name, setName] = useState('')
  const [tried, setTried] = useState(false)
  const hasKey = useSession().key !== null
  const closed = isClosed(approval.state)
  const read = form === undefined ? null : readDraft(form, draft)
  const said = { ...(why.trim() !== '' && { why }), ...(name.trim() !== '' && { by: name.trim() }) }
  const settled = {
    refresh: [
      [namespace, 'approvals'],
      [namespace, 'approval', run],
    ],
    onDone: onClose,
  }
  const approving = useAction({
    label: `Approve ${shortId(run)}`,
    call: (_: null, callKey) => approve(namespace, run, { ...said, ...(read?.value !== undefined && { input: read.value }) }, callKey),
    done: 'its DAG goes on',
    ...settled,
  })
  const rejecting = useAction({
    label: `Reject ${shortId(run)}`,
    call: (_: null, callKey) => reject(namespace, run, said, callKey),
    done: 'rejected',
    ...settled,
  })
  const problem = approving.problem ?? rejecting.problem
  const faults = problemsAt(approving.problem, '/input')
  const send = (): void => {
    setTried(true)
    if (read?.blocks !== true) approving.run(null)
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title={subject}
      wide
      actions={
        closed ? (
          <Button onClick={onClose}>Close</Button>
        ) : (
          <>
            <Button onClick={onClose}>Leave it</Button>
            <Button kind="danger" pending={rejecting.pending} onClick={() => rejecting.run(null)}>
              Reject
            </Button>
            <Button kind="main" pending={approving.pending} onClick={send}>
              Approve
            </Button>
          </>
        )
      }
    >
      <div className="flex flex-col gap-4">
        <p className="text-soft">
          {approval.definition}, asked <Time at={approval.since} />
          {assignees.length > 0 && `, for ${assignees.join(' or ')}`}
          {deadline !== null && (
            <>
              ; {approval.default === null ? 'it times out' : `the answer is “${approval.default}”`} <Time at={deadline} />
            </>
          )}
        </p>
        {body !== null && <p className="whitespace-pre-wrap break-words">{body}</p>}
        {closed ? (
          <p>It is answered.</p>
        ) : (
          <>
            {form !== undefined && (
              <SchemaForm
                label="Form"
                schema={form}
                draft={draft}
                onChange={setDraft}
                problems={new Map([...(tried || draft.text !== null ? (read?.faults ?? []) : []), ...faults])}
              />
            )}
            <TextArea label="Why" optional value={why} onChange={event => setWhy(event.target.value)} help="Kept in the history." />
            {!hasKey && (
              <TextField
                label="Your name"
                optional={assignees.length === 0}
                value={name}
                onChange={event => setName(event.target.value)}
                help="Kept with the answer: this server has no API keys that would say it."
              />
            )}
          </>
        )}
        {problem !== null && faults.size === 0 && <ProblemText problem={problem} />}
        {!closed && (
          <Command
            text={commandText(namespace, 'approve', shortId(run), ...(read?.value === undefined ? [] : ['--input', JSON.stringify(read.value)]))}
          />
        )}
      </div>
    </Dialog>
  )
}
