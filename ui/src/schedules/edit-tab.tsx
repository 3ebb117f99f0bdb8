import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { Schedule } from '../api/client.ts'
import { ApiError } from '../api/problem.ts'
import { useAction } from '../api/use-action.ts'
import { Button } from '../parts/button.tsx'
import { AsCommand } from '../parts/command.tsx'
import { useCommand } from '../parts/commands.ts'
import { changeSchedule } from './actions.ts'
import { applyCommand } from './apply-command.ts'
import { ChangeTable, Conflict } from './change-table.tsx'
import { changesOf, same, withDraft, writtenOf } from './draft.ts'
import { EditForm } from './edit-form.tsx'
import { scheduleQuery } from './queries.ts'
import { SaveDialog } from './save-dialog.tsx'
import { isEmpty, useDraft } from './use-draft.ts'
import { useTried, WhatIf } from './what-if.tsx'

/** Edit it and see at once what would change; only Save changes anything. */
export default function EditTab({ namespace, schedule, draft: text }: { namespace: string; schedule: Schedule; draft: string | undefined }) {
  const { name, origin } = schedule
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [saving, setSaving] = useState(false)
  const server = writtenOf(schedule)
  const { basis, draft, change, clear, rebase, conflict } = useDraft(
    server,
    text,
    next =>
      void navigate({
        to: '/schedules/$name',
        params: { name },
        search: { tab: 'edit', ...(next !== undefined && { draft: next }) },
        replace: true,
        resetScroll: false,
      }),
  )
  const fields = withDraft(basis, draft)
  const tried = useTried(namespace, fields)
  const changes = changesOf(basis, draft)
  const save = useAction({
    label: `Change ${name}`,
    call: async (_: null, callKey) => {
      // There is no lock: what was shown to be changed must still be what is there.
      const now = await queries.fetchQuery({ ...scheduleQuery(namespace, name), staleTime: 0 })
      if (!same(writtenOf(now), basis))
        throw new ApiError({
          code: 'changed-meanwhile',
          status: 409,
          title: 'Somebody else has changed it meanwhile. Nothing was saved.',
          hint: 'compare both, then take theirs or keep yours',
        })
      return changeSchedule(namespace, name, callKey, draft)
    },
    done: answer => (answer.warnings.length === 0 ? 'in force from now on' : `in force from now on; ${answer.warnings[0]?.message}`),
    refresh: [
      [namespace, 'schedule', name],
      [namespace, 'schedules'],
    ],
    onDone: () => {
      setSaving(false)
      clear()
    },
  })
  const ready = !isEmpty(draft) && !conflict && tried.problem === null
  useCommand({ label: 'Save the schedule', group: 'This page', keys: 'mod+s', run: () => setSaving(true) }, ready)
  return (
    <div className="grid grid-cols-[minmax(0,5fr)_minmax(0,7fr)] items-start gap-4 max-lg:grid-cols-1">
      <div className="flex flex-col gap-4">
        {conflict && <Conflict basis={basis} server={server} fields={fields} onTheirs={clear} onMine={rebase} />}
        <EditForm namespace={namespace} fields={fields} change={change} problem={tried.problem} />
        <div className="sticky bottom-0 z-10 -mx-1 flex flex-wrap items-center gap-2 border-t border-line bg-ground px-1 py-3">
          <Button kind="main" disabled={!ready} onClick={() => setSaving(true)}>
            Save {changes.length === 0 ? '' : `${changes.length} change${changes.length === 1 ? '' : 's'} `}…
          </Button>
          <Button disabled={isEmpty(draft)} onClick={clear}>
            Discard
          </Button>
          <AsCommand text={applyCommand(namespace, name, fields)} />
          {!isEmpty(draft) && tried.after !== undefined && <span className="basis-full font-medium lg:hidden">{tried.after.words}</span>}
          <span className="text-soft">
            {isEmpty(draft)
              ? 'Nothing is changed yet: try what you like.'
              : origin.is === 'code'
                ? 'It will stand over the code, and stay when that is deployed again.'
                : ''}
          </span>
        </div>
      </div>
      <WhatIf namespace={namespace} name={name} basis={basis} draft={draft} tried={tried} />
      <SaveDialog
        open={saving}
        onClose={() => {
          save.clear()
          setSaving(false)
        }}
        title={`Change ${name}?`}
        description="It counts from its moment on: what is due before is accounted for as it was."
        verb="Save"
        action={save}
        command={applyCommand(namespace, name, fields)}
      >
        <ChangeTable changes={changes} />
      </SaveDialog>
    </div>
  )
}
