import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { Schedule } from '../api/client.ts'
import { useAction } from '../api/use-action.ts'
import { shortId } from '../format/id.ts'
import { Button, IconButton } from '../parts/button.tsx'
import { AsCommand, Command, commandText } from '../parts/command.tsx'
import { useCommand } from '../parts/commands.ts'
import { Copy } from '../parts/copy.tsx'
import { ConfirmDialog, Dialog } from '../parts/dialog.tsx'
import { Menu } from '../parts/menu.tsx'
import { ProblemText } from '../parts/states.tsx'
import { WatermarkDialog } from '../parts/watermark-dialog.tsx'
import { removeSchedule, resumeSchedule, saveCalendar, triggerSchedule } from './actions.ts'
import { PauseDialog } from './pause-dialog.tsx'

/** Trigger, pause or resume, backfill, calendar file, delete; each also as the command that does it. */
export function ScheduleActions({ namespace, schedule }: { namespace: string; schedule: Schedule }) {
  const { name, paused, stuck } = schedule
  const runs = paused === null && stuck === null
  const navigate = useNavigate()
  const [dialog, setDialog] = useState<'pause' | 'watermark' | 'calendar' | 'delete' | null>(null)
  const close = (): void => setDialog(null)
  const backfill = (): void => void navigate({ to: '/schedules/$name', params: { name }, search: { tab: 'backfill' } })
  const refresh = [
    [namespace, 'schedule', name],
    [namespace, 'schedules'],
  ]
  const trigger = useAction({
    label: `Trigger ${name}`,
    call: (_: null, callKey) => triggerSchedule(namespace, name, callKey),
    done: answer => `run ${shortId(answer.run)} is asked for`,
    refresh,
  })
  const resume = useAction({ label: `Resume ${name}`, call: (_: null, callKey) => resumeSchedule(namespace, name, callKey), refresh })
  const remove = useAction({
    label: `Delete ${name}`,
    call: (_: null, callKey) => removeSchedule(namespace, name, callKey),
    refresh: [[namespace, 'schedules']],
    onDone: () => void navigate({ to: '/schedules', search: {} }),
  })
  useCommand({ label: 'Trigger this schedule', group: 'This page', keys: 't', run: () => trigger.run(null) })
  useCommand({ label: 'Pause this schedule', group: 'This page', keys: 'p', run: () => setDialog('pause') }, runs)
  useCommand({ label: 'Resume this schedule', group: 'This page', keys: 'p', run: () => resume.run(null) }, !runs)
  useCommand({ label: 'Backfill this schedule', group: 'This page', keys: 'b', run: backfill })
  const problem = trigger.problem ?? resume.problem
  return (
    <>
      {problem && <ProblemText problem={problem} />}
      <Button icon="play" keys="t" pending={trigger.pending} onClick={() => trigger.run(null)}>
        Trigger
      </Button>
      <AsCommand text={commandText(namespace, 'schedule', 'trigger', name)} />
      {runs ? (
        <Button icon="pause" keys="p" onClick={() => setDialog('pause')}>
          Pause
        </Button>
      ) : (
        <>
          <Button icon="play" kind="main" keys="p" pending={resume.pending} onClick={() => resume.run(null)}>
            Resume
          </Button>
          <AsCommand text={commandText(namespace, 'schedule', 'resume', name)} />
        </>
      )}
      <Menu
        items={[
          { label: 'Backfill …', icon: 'batches', onSelect: backfill },
          { label: 'Set the watermark …', icon: 'settings', onSelect: () => setDialog('watermark') },
          { label: 'Calendar file …', icon: 'download', onSelect: () => setDialog('calendar') },
          { label: 'Delete …', icon: 'close', danger: true, onSelect: () => setDialog('delete') },
        ]}
      >
        <IconButton icon="more" label="More actions" />
      </Menu>
      <PauseDialog namespace={namespace} name={name} open={dialog === 'pause'} onClose={close} />
      {dialog === 'watermark' && <WatermarkDialog namespace={namespace} of="schedule" name={name} mark={schedule.watermark} onClose={close} />}
      <CalendarDialog namespace={namespace} name={name} open={dialog === 'calendar'} onClose={close} />
      <ConfirmDialog
        open={dialog === 'delete'}
        onClose={close}
        title={`Delete ${name}?`}
        description={
          schedule.origin.is === 'code'
            ? 'Its runs go on. The code still has it: the next worker that starts makes it again. Pause it, or take it out of the code.'
            : 'Its runs go on. Made again within 30 days, it goes on in its ledger.'
        }
        verb="Delete the schedule"
        danger
        action={remove}
        input={() => null}
        command={commandText(namespace, 'schedule', 'rm', name)}
      />
    </>
  )
}

interface NamedDialog {
  namespace: string
  name: string
  open: boolean
  onClose(): void
}

function CalendarDialog({ namespace, name, open, onClose }: NamedDialog) {
  const address = new URL(
    `v1/namespaces/${encodeURIComponent(namespace)}/schedules/${encodeURIComponent(name)}/calendar.ics?count=100`,
    document.baseURI,
  ).href
  const save = useAction({ label: `Calendar of ${name}`, call: () => saveCalendar(namespace, name), done: 'saved', onDone: onClose })
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title="Calendar file"
      description="Its next 100 times, as calendar programs read them."
      actions={
        <Button kind="main" icon="download" pending={save.pending} onClick={() => save.run(undefined as never)}>
          Save the file
        </Button>
      }
    >
      <div className="flex flex-col gap-3">
        <div>
          <p className="font-medium">To subscribe to</p>
          <p className="flex items-center gap-1">
            <code className="min-w-0 break-all">{address}</code>
            <Copy text={address} label="Copy the address" />
          </p>
        </div>
        <Command text={`${commandText(namespace, 'schedule', 'ics', name)} > ${name.replaceAll(/[^\w.-]+/g, '-')}.ics`} />
        {save.problem && <ProblemText problem={save.problem} />}
      </div>
    </Dialog>
  )
}
