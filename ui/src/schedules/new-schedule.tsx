import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { ApiError } from '../api/problem.ts'
import { useAction } from '../api/use-action.ts'
import { Page } from '../app/page.tsx'
import { browserZone } from '../format/time.ts'
import { Button } from '../parts/button.tsx'
import { AsCommand } from '../parts/command.tsx'
import { TextField } from '../parts/field.tsx'
import { Panel } from '../parts/panel.tsx'
import { ProblemText } from '../parts/states.tsx'
import { makeSchedule } from './actions.ts'
import { applyCommand } from './apply-command.ts'
import { withDraft } from './draft.ts'
import { EditForm } from './edit-form.tsx'
import { scheduleQuery } from './queries.ts'
import { useDraft } from './use-draft.ts'
import { useTried, WhatIf } from './what-if.tsx'

/** A schedule from scratch, in the same editor. */
export default function NewSchedule({ namespace, draft: text }: { namespace: string; draft: string | undefined }) {
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const [empty] = useState(() => ({ cron: '0 2 * * *', timezone: browserZone() }))
  /** Its page is on the way: what was typed last must not call the reader back. */
  const isMade = useRef(false)
  const { basis, draft, change } = useDraft(empty, text, next => {
    if (isMade.current) return
    void navigate({ to: '/schedules', search: { view: 'new', ...(next !== undefined && { draft: next }) }, replace: true, resetScroll: false })
  })
  const fields = withDraft(basis, draft)
  const tried = useTried(namespace, fields)
  const make = useAction({
    label: `Make ${name}`,
    call: async (_: null, callKey) => {
      // To put it would change all of one that is there.
      const there = await queries.fetchQuery({ ...scheduleQuery(namespace, name), staleTime: 0 }).catch(() => null)
      if (there !== null)
        throw new ApiError({
          code: 'already-there',
          status: 409,
          title: `There is a schedule called ${name}.`,
          hint: 'choose another name, or edit that one',
        })
      return makeSchedule(namespace, name, callKey, fields)
    },
    done: answer => answer.changed,
    refresh: [[namespace, 'schedules']],
    onDone: () => {
      isMade.current = true
      void navigate({ to: '/schedules/$name', params: { name }, search: {} })
    },
  })
  const ready = name.trim() !== '' && typeof fields.target === 'string' && tried.problem === null
  return (
    <Page title="New schedule">
      <div className="grid grid-cols-[minmax(0,5fr)_minmax(0,7fr)] items-start gap-4 max-lg:grid-cols-1">
        <form
          className="flex flex-col gap-4"
          onSubmit={event => {
            event.preventDefault()
            if (ready) make.run(null)
          }}
        >
          <Panel title="Name">
            <TextField
              label="What it is called"
              value={name}
              onChange={event => setName(event.target.value)}
              placeholder="nightly-report"
              help="Unique in its namespace; it stays with its ledger."
            />
          </Panel>
          <EditForm namespace={namespace} fields={fields} change={change} problem={tried.problem ?? make.problem} />
          {make.problem && <ProblemText problem={make.problem} />}
          <div className="sticky bottom-0 z-10 flex flex-wrap items-center gap-2 border-t border-line bg-ground py-3">
            <Button type="submit" kind="main" disabled={!ready} pending={make.pending}>
              Make the schedule
            </Button>
            <AsCommand text={applyCommand(namespace, name || 'NAME', fields)} />
            {!ready && <span className="text-soft">It needs a name, a timetable, and what it starts.</span>}
          </div>
        </form>
        <WhatIf namespace={namespace} name={null} basis={basis} draft={draft} tried={tried} />
      </div>
    </Page>
  )
}
