import { useState } from 'react'
import type { Schedule } from '../api/client.ts'
import { useAction } from '../api/use-action.ts'
import { Button } from '../parts/button.tsx'
import { Command, commandText } from '../parts/command.tsx'
import { ConfirmDialog } from '../parts/dialog.tsx'
import { Icon } from '../parts/icons.tsx'
import { Notice } from '../parts/notice.tsx'
import { Duration, Time } from '../parts/time.tsx'
import { resetSchedule } from './actions.ts'

/** Who paused it, why, and until when. */
export function PausedNote({ schedule: { paused } }: { schedule: Schedule }) {
  if (paused === null) return null
  return (
    <p className="flex items-start gap-2 rounded border border-line bg-surface px-3 py-2">
      <Icon name="pause" size={14} className="mt-0.5 text-paused" />
      <span>
        <b className="font-semibold text-paused">Paused</b>
        {paused.gone ? ' because the code no longer has it' : paused.by !== null && ` by ${paused.by}`}, <Time at={paused.since} />
        {paused.note !== null && <>: {paused.note}</>}
        <span className="text-soft">
          {paused.until === null ? (
            ' · until it is resumed'
          ) : (
            <>
              {' '}
              · goes on <Time at={paused.until} />, <Time at={paused.until} as="short" />
            </>
          )}
        </span>
      </span>
    </p>
  )
}

/** On what it choked, and how it goes on. */
export function StuckNote({ namespace, schedule: { name, stuck } }: { namespace: string; schedule: Schedule }) {
  if (stuck === null) return null
  return (
    <Notice tone="failed" action={<Command text={commandText(namespace, 'schedule', 'resume', name)} />}>
      <p>
        <b className="font-semibold">Stuck</b> on “{stuck.on}” since <Time at={stuck.since} as="short" /> (<Duration from={stuck.since} to={null} />
        ): {stuck.why}
      </p>
      <p className="text-soft">It fires nothing before it is resumed, and then takes that again.</p>
    </Notice>
  )
}

const PARTS: Record<string, string> = {
  timetable: 'timetable',
  target: 'target, input or options',
  jitter: 'jitter',
  overlap: 'overlap',
  catchup: 'catch-up',
}

/** What an operator has laid over a schedule of code, and the way back. */
export function Override({ namespace, schedule }: { namespace: string; schedule: Schedule }) {
  const { name, origin, overridden } = schedule
  const [asking, setAsking] = useState(false)
  const reset = useAction({
    label: `Reset ${name} to its code`,
    call: (_: null, callKey) => resetSchedule(namespace, name, callKey),
    refresh: [
      [namespace, 'schedule', name],
      [namespace, 'schedules'],
    ],
    onDone: () => setAsking(false),
  })
  if (origin.is !== 'code' || overridden.length === 0) return null
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1 rounded border border-line bg-surface px-3 py-1.5">
      <Icon name="warning" size={14} className="text-paused" />
      <p className="grow">
        <b className="font-semibold">Changed over the code</b> of <code>{origin.source}</code>:{' '}
        {overridden.map(part => PARTS[part] ?? part).join(', ')}. <span className="text-soft">It stays when the code is deployed again.</span>
      </p>
      <Button icon="retry" onClick={() => setAsking(true)}>
        Reset to code
      </Button>
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={`Reset ${name} to its code?`}
        description={`What was changed (${overridden.map(part => PARTS[part] ?? part).join(', ')}) is as the code of ${origin.source} says again.`}
        verb="Reset to code"
        danger
        action={reset}
        input={() => null}
        command={`curl -X DELETE $MAINSPRING_URL/v1/namespaces/${encodeURIComponent(namespace)}/schedules/${encodeURIComponent(name)}/override`}
      />
    </div>
  )
}
