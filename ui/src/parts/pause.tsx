import { useState } from 'react'
import { call, client } from '../api/client.ts'
import { useAction } from '../api/use-action.ts'
import { Button } from './button.tsx'
import { AsCommand, commandText } from './command.tsx'
import { useCommand } from './commands.ts'
import { ConfirmDialog } from './dialog.tsx'
import { Notice } from './notice.tsx'
import { Duration, Time } from './time.tsx'

export interface Paused {
  by: string | null
  note: string | null
  since: string
}
export interface PauseProps {
  namespace: string
  noun: 'queue' | 'definition'
  name: string
  paused: Paused | null
}

/** Pauses a queue or a definition with a note, or lets it go on; `p` does the same. */
export function PauseActions({ namespace, noun, name, paused }: PauseProps) {
  const [asking, setAsking] = useState(false)
  const { pause, resume } = usePause(namespace, noun, name, () => setAsking(false))
  useCommand({ label: `Pause this ${noun}`, group: 'This page', keys: 'p', run: () => setAsking(true) }, paused === null)
  useCommand({ label: `Resume this ${noun}`, group: 'This page', keys: 'r', run: () => resume.run(null) }, paused !== null)
  return (
    <>
      {paused === null ? (
        <Button icon="pause" keys="p" onClick={() => setAsking(true)}>
          Pause
        </Button>
      ) : (
        <Button icon="play" keys="r" kind="main" pending={resume.pending} onClick={() => resume.run(null)}>
          Resume
        </Button>
      )}
      <AsCommand text={commandText(namespace, noun, paused === null ? 'pause' : 'resume', name)} />
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={`Pause ${noun} ${name}?`}
        description="Nothing of it is handed out until it is resumed. What runs goes on, and new runs wait."
        verb={`Pause the ${noun}`}
        action={pause}
        input={note => note}
        asksWhy
        whyLabel="Note (shown wherever the pause is)"
        command={commandText(namespace, noun, 'pause', name)}
      />
    </>
  )
}

/** Who paused it, since when and why. */
export function PausedNotice({ paused, waiting }: { paused: Paused; waiting: number }) {
  return (
    <Notice tone="paused">
      <p>
        <b className="font-semibold">Paused</b>
        {paused.by !== null && ` by ${paused.by}`} since <Time at={paused.since} as="short" /> (<Duration from={paused.since} to={null} />)
        {paused.note !== null && (
          <>
            : <q>{paused.note}</q>
          </>
        )}
      </p>
      <p className="text-soft">
        Nothing is handed out; what runs goes on.{' '}
        {waiting === 0 ? 'Nothing waits for it yet.' : `${waiting === 1 ? 'One run waits' : `${waiting} runs wait`} for it.`}
      </p>
    </Notice>
  )
}

function usePause(namespace: string, noun: 'queue' | 'definition', name: string, onPaused: () => void) {
  const params = { path: { namespace, name } }
  const refresh = [
    [namespace, `${noun}s`],
    [namespace, noun, name],
    [namespace, 'summary'],
  ] as const
  const pause = useAction({
    label: `Pause ${noun} ${name}`,
    call: (note: string) => {
      const body = note.trim() === '' ? {} : { note: note.trim() }
      return noun === 'queue'
        ? call(client.POST('/v1/namespaces/{namespace}/queues/{name}/pause', { params, body }))
        : call(client.POST('/v1/namespaces/{namespace}/definitions/{name}/pause', { params, body }))
    },
    refresh,
    onDone: onPaused,
  })
  const resume = useAction({
    label: `Resume ${noun} ${name}`,
    call: (_: null) =>
      noun === 'queue'
        ? call(client.POST('/v1/namespaces/{namespace}/queues/{name}/resume', { params, body: {} }))
        : call(client.POST('/v1/namespaces/{namespace}/definitions/{name}/resume', { params, body: {} })),
    done: 'it goes on',
    refresh,
  })
  return { pause, resume }
}
