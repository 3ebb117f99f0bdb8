import { useState } from 'react'
import { useAction } from '../api/use-action.ts'
import { Button } from '../parts/button.tsx'
import { Command, commandText } from '../parts/command.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { DurationField, TextField } from '../parts/field.tsx'
import { ProblemText } from '../parts/states.tsx'
import { pauseSchedule } from './actions.ts'

const SPANS = ['', '1h', '8h', '1d', '7d'] as const

/** Pauses with a note for those who find it, until it is resumed or for a while. */
export function PauseDialog({ namespace, name, open, onClose }: { namespace: string; name: string; open: boolean; onClose(): void }) {
  const [note, setNote] = useState('')
  const [span, setSpan] = useState('')
  const pause = useAction({
    label: `Pause ${name}`,
    call: (_: null, callKey) => pauseSchedule(namespace, name, callKey, { ...(note !== '' && { note }), ...(span !== '' && { for: span }) }),
    refresh: [
      [namespace, 'schedule', name],
      [namespace, 'schedules'],
    ],
    onDone: onClose,
  })
  const command = commandText(namespace, 'schedule', 'pause', name, ...(note === '' ? [] : ['--note', note]), ...(span === '' ? [] : ['--for', span]))
  return (
    <Dialog
      open={open}
      onClose={() => {
        pause.clear()
        onClose()
      }}
      title={`Pause ${name}?`}
      description="Nothing starts meanwhile; its times are in the ledger as paused. Runs that are open go on."
      actions={
        <>
          <Button onClick={onClose}>Leave it</Button>
          <Button kind="main" icon="pause" pending={pause.pending} onClick={() => pause.run(null)}>
            Pause the schedule
          </Button>
        </>
      }
    >
      <form
        className="flex flex-col gap-3"
        onSubmit={event => {
          event.preventDefault()
          pause.run(null)
        }}
      >
        <TextField
          label="Note"
          help="Shown wherever the pause is: why, and whom to ask."
          value={note}
          onChange={event => setNote(event.target.value)}
          placeholder="the warehouse counts its stock"
        />
        <fieldset className="flex flex-wrap items-center gap-1">
          <legend className="mb-1 font-medium">For how long</legend>
          {SPANS.map(value => (
            <Button key={value} aria-pressed={span === value} className="aria-pressed:bg-picked" onClick={() => setSpan(value)}>
              {value === '' ? 'Until it is resumed' : value}
            </Button>
          ))}
        </fieldset>
        {!(SPANS as readonly string[]).includes(span) || span !== '' ? (
          <DurationField label="Goes on by itself after" value={span} onChange={event => setSpan(event.target.value)} />
        ) : null}
        <Command text={command} />
        {pause.problem && <ProblemText problem={pause.problem} />}
        <button type="submit" className="hidden" tabIndex={-1} aria-hidden="true" />
      </form>
    </Dialog>
  )
}
