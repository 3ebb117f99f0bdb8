import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { call, client } from '../api/client.ts'
import { useAction } from '../api/use-action.ts'
import type { LimitDetail } from '../api/work.ts'
import { Button } from '../parts/button.tsx'
import { commandText } from '../parts/command.tsx'
import { ConfirmDialog } from '../parts/dialog.tsx'
import { effectOf, isOwn, sizeText } from './words.ts'

/** Takes an operator's size away: the code's is in force again, or, of his own limit, none. */
export function ResetLimit({ namespace, limit }: { namespace: string; limit: LimitDetail }) {
  const { name, declared } = limit
  const [asking, setAsking] = useState(false)
  const navigate = useNavigate()
  const own = isOwn(limit)
  const reset = useAction({
    label: own ? `Remove limit ${name}` : `Reset limit ${name}`,
    call: (_: null) => call(client.DELETE('/v1/namespaces/{namespace}/limits/{name}', { params: { path: { namespace, name } } })),
    done: own ? 'it is gone' : 'the code’s is in force',
    refresh: own
      ? [[namespace, 'limits']]
      : [
          [namespace, 'limit', name],
          [namespace, 'limits'],
        ],
    onDone: () => {
      setAsking(false)
      if (own) void navigate({ to: '/limits', search: {} })
    },
  })
  return (
    <>
      <Button kind={own ? 'danger' : 'plain'} icon={own ? 'close' : 'retry'} onClick={() => setAsking(true)}>
        {own ? 'Remove' : 'Reset to code'}
      </Button>
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={own ? `Remove limit ${name}?` : `Reset limit ${name}?`}
        description={
          own
            ? 'Nothing bounds what it is on any more, unless another limit does.'
            : `The code says ${declared === null ? 'nothing' : sizeText(declared)}. ${declared === null ? '' : effectOf(limit, declared)}`
        }
        verb={own ? 'Remove the limit' : 'Reset to code'}
        danger={own}
        action={reset}
        input={() => null}
        command={commandText(namespace, 'limits', 'reset', name)}
      />
    </>
  )
}
