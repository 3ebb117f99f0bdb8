import { useState } from 'react'
import { call, client } from '../api/client.ts'
import { useAction } from '../api/use-action.ts'
import type { LimitDetail } from '../api/work.ts'
import { Button } from '../parts/button.tsx'
import { Command, commandText } from '../parts/command.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Icon } from '../parts/icons.tsx'
import { ProblemText } from '../parts/states.tsx'
import { SizeFields, sizeOf, typedOf } from './size-fields.tsx'
import { effectOf, isOwn, sizeText } from './words.ts'

interface ChangeLimitProps {
  namespace: string
  limit: LimitDetail
  onClose(): void
}

/** Another size for a limit, with what that does now; in force when the server has answered. */
export function ChangeLimit({ namespace, limit, onClose }: ChangeLimitProps) {
  const { name, on, per } = limit
  const [typed, setTyped] = useState(typedOf(limit))
  const size = sizeOf(typed)
  const change = useAction({
    label: `Change limit ${name}`,
    call: (next: NonNullable<typeof size>) => {
      // What no code declares says again what it is on.
      const place = isOwn(limit) ? { on, ...(per !== null && { per }) } : {}
      return call(client.PUT('/v1/namespaces/{namespace}/limits/{name}', { params: { path: { namespace, name } }, body: { ...place, ...next } }))
    },
    done: answer => `it lets ${sizeText(answer)} through`,
    refresh: [
      [namespace, 'limit', name],
      [namespace, 'limits'],
    ],
    onDone: onClose,
  })
  const flags =
    size === null ? [] : 'rate' in size ? ['--rate', String(size.rate), '--every', size.every] : ['--concurrency', String(size.concurrency)]
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Change limit ${name}`}
      description={
        limit.from === 'code' ? `The code says ${sizeText(limit)}; yours is set over it until you reset it.` : `It is ${sizeText(limit)} now.`
      }
      actions={
        <>
          <Button onClick={onClose}>Leave it</Button>
          <Button kind="main" type="submit" form="change-limit" disabled={size === null} pending={change.pending}>
            Change it
          </Button>
        </>
      }
    >
      <form
        id="change-limit"
        className="flex flex-col gap-3"
        onSubmit={event => {
          event.preventDefault()
          if (size !== null) change.run(size)
        }}
      >
        <SizeFields typed={typed} onChange={setTyped} />
        <p role="status" className="flex gap-2 rounded border border-line bg-ground px-3 py-2">
          <Icon name="right" size={14} className="mt-0.5 text-soft" />
          {size === null ? 'Say how many.' : effectOf(limit, 'rate' in size ? { rate: size.rate } : size)}
        </p>
        <Command text={commandText(namespace, 'limits', 'set', name, ...flags)} />
        {change.problem && <ProblemText problem={change.problem} />}
      </form>
    </Dialog>
  )
}
