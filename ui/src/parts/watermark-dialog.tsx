import { useState } from 'react'
import { call, client, type Schedule } from '../api/client.ts'
import { useAction } from '../api/use-action.ts'
import { Button } from './button.tsx'
import { Command, commandText } from './command.tsx'
import { Dialog } from './dialog.tsx'
import { Editor, faultOf } from './editor.tsx'
import { Facts } from './panel.tsx'
import { ProblemText } from './states.tsx'
import { Watermark } from './watermark.tsx'

/** The server's limit, in characters of JSON. */
const LENGTH_MAX = 16 * 1024

export interface WatermarkDialogProps {
  namespace: string
  of: 'schedule' | 'asset'
  name: string
  mark: Schedule['watermark']
  onClose(): void
}

const SAID = {
  schedule: 'The next run goes on from here. Runs that are open by now have no say any more.',
  asset: 'Whoever makes it next goes on from here. A run that is open by now, and completes later, may still say another.',
} as const

/** Says how far something has come, in the place of what its runs said. */
export function WatermarkDialog({ namespace, of, name, mark, onClose }: WatermarkDialogProps) {
  const before = JSON.stringify(mark?.value ?? null)
  const [text, setText] = useState(before)
  const set = useAction({
    label: `Set the watermark of ${name}`,
    call: (value: unknown, callKey) => setWatermark({ namespace, of, name }, value, callKey),
    done: value => value,
    refresh: [[namespace, of, name]],
    onDone: onClose,
  })
  const fault = faultOf(text)
  const after = fault === null ? JSON.stringify(JSON.parse(text)) : null
  const tooLong = after !== null && after.length > LENGTH_MAX ? `${LENGTH_MAX} characters of JSON at most: a time, an id, a cursor` : null
  const ask = (): void => set.run(JSON.parse(text))
  const command = of === 'schedule' ? ['schedule', 'watermark', name, after ?? ''] : ['asset', 'set', name, '--watermark', after ?? '']
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Set the watermark of ${name}`}
      description={SAID[of]}
      actions={
        <>
          <Button onClick={onClose}>Leave it</Button>
          <Button kind="main" pending={set.pending} disabled={after === null || after === before || tooLong !== null} onClick={ask}>
            {after === 'null' && mark !== null ? 'Take the watermark away' : 'Set the watermark'}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3">
        <Facts facts={[['Now', mark === null ? 'none: it begins anew' : <Watermark key="mark" mark={mark} />]]} />
        <Editor label="Watermark" value={text} onChange={setText} problem={tooLong} small begins />
        <p className="text-soft">
          Any JSON; <code>null</code>: none, the next one begins anew.
        </p>
        {after !== null && after !== before && tooLong === null && <Command text={commandText(namespace, ...command)} />}
        {set.problem && <ProblemText problem={set.problem} />}
      </div>
    </Dialog>
  )
}

/** Answers what is told once it is done. */
async function setWatermark({ namespace, of, name }: Pick<WatermarkDialogProps, 'namespace' | 'of' | 'name'>, value: unknown, callKey: string) {
  const params = { path: { namespace, name }, header: { 'Idempotency-Key': callKey } }
  if (of === 'schedule') await call(client.PUT('/v1/namespaces/{namespace}/schedules/{name}/watermark', { params, body: { value: value as never } }))
  else await call(client.PUT('/v1/namespaces/{namespace}/assets/{name}', { params, body: { watermark: value as never } }))
  return value === null ? 'it has none' : 'set'
}
