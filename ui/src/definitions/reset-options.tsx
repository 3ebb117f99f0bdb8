import { useState } from 'react'
import { call, client } from '../api/client.ts'
import { useAction } from '../api/use-action.ts'
import type { DefinitionDetail } from '../api/work.ts'
import { Button } from '../parts/button.tsx'
import { commandText } from '../parts/command.tsx'
import { ConfirmDialog } from '../parts/dialog.tsx'
import { OPTIONS, type OptionName, optionText } from './words.ts'

/** All that an operator has set is taken away: the code's options are in force again. */
export function ResetOptions({ namespace, definition: { name, override } }: { namespace: string; definition: DefinitionDetail }) {
  const [asking, setAsking] = useState(false)
  const reset = useAction({
    label: `Reset the options of ${name}`,
    call: (_: null) => call(client.DELETE('/v1/namespaces/{namespace}/definitions/{name}/options', { params: { path: { namespace, name } } })),
    done: 'those of the code are in force',
    refresh: [
      [namespace, 'definition', name],
      [namespace, 'definitions'],
      [namespace, 'limits'],
    ],
    onDone: () => setAsking(false),
  })
  return (
    <>
      <Button icon="retry" kind="quiet" onClick={() => setAsking(true)}>
        Reset to code
      </Button>
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={`Reset the options of ${name}?`}
        description="What an operator has set is taken away, and those of the code are in force again for what starts from now on."
        verb="Reset to code"
        action={reset}
        input={() => null}
        command={commandText(namespace, 'definition', 'reset', name)}
      >
        <ul className="list-inside list-disc">
          {(Object.entries(override ?? {}) as [OptionName, unknown][]).map(([option, value]) => (
            <li key={option}>
              {OPTIONS[option][0]} <span className="text-soft">is no longer {optionText(option, value)}</span>
            </li>
          ))}
        </ul>
      </ConfirmDialog>
    </>
  )
}
