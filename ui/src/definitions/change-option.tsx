import { useState } from 'react'
import { call, client } from '../api/client.ts'
import { useAction } from '../api/use-action.ts'
import type { DefinitionDetail } from '../api/work.ts'
import { Button } from '../parts/button.tsx'
import { Command, commandText } from '../parts/command.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Editor, faultOf } from '../parts/editor.tsx'
import { SelectField } from '../parts/field.tsx'
import { ProblemText } from '../parts/states.tsx'
import { OPTION_NAMES, OPTIONS, type OptionName, type Options } from './words.ts'

interface ChangeOptionProps {
  namespace: string
  definition: DefinitionDetail
  first: OptionName
  onClose(): void
}

/** What one may begin with, where the option says nothing yet. */
const BEGINNINGS: Partial<Record<OptionName, unknown>> = {
  queue: 'default',
  priority: 0,
  retry: { attempts: 5, initial: '10s', factor: 2, maximum: '10m' },
  timeout: { attempt: '5m' },
  expires: '1d',
  exhausted: 'park',
  versioning: 'pinned',
  limits: [{ concurrency: 5 }],
  fair: 'tenant',
  sequence: { per: 'order', onFailure: 'stop' },
  cost: 1,
  unique: { by: 'input' },
  batch: { size: 10, within: '1s' },
  debounce: '10s',
  throttle: { every: '1m' },
  notify: [{ on: ['failed'], email: ['you@example.org'] }],
  labels: { region: 'eu' },
  tags: { team: 'ours' },
  retention: '7d',
}

/** An operator's word over the code's, for one option; the others that were set stay. */
export function ChangeOption({ namespace, definition, first, onClose }: ChangeOptionProps) {
  const { name, options, override } = definition
  const [option, setOption] = useState(first)
  const [text, setText] = useState(textOf(options, first))
  const change = useAction({
    label: (value: unknown) => `${value === undefined ? 'Reset' : 'Set'} ${option} of ${name}`,
    call: (value: unknown) => {
      const body = Object.fromEntries(Object.entries({ ...override, [option]: value }).filter(([, given]) => given !== undefined)) as Options
      return call(client.PUT('/v1/namespaces/{namespace}/definitions/{name}/options', { params: { path: { namespace, name } }, body }))
    },
    done: 'in force for what starts from now on',
    refresh: [
      [namespace, 'definition', name],
      [namespace, 'definitions'],
      [namespace, 'limits'],
    ],
    onDone: onClose,
  })
  const isSet = override?.[option] !== undefined
  const fault = faultOf(text)
  const value = fault === null ? JSON.stringify(JSON.parse(text)) : 'JSON'
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Change an option of ${name}`}
      description="It holds over what the code says, for runs that start from now on, until it is reset."
      actions={
        <>
          {isSet && (
            <Button pending={change.pending} onClick={() => change.run(undefined)}>
              As the code has it
            </Button>
          )}
          <Button kind="main" disabled={fault !== null} pending={change.pending} onClick={() => change.run(JSON.parse(text))}>
            Set it
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3">
        <SelectField
          label="Option"
          value={option}
          help={`${OPTIONS[option][1]}; by default: ${OPTIONS[option][2]}`}
          onChange={next => {
            change.clear()
            setOption(next as OptionName)
            setText(textOf(options, next as OptionName))
          }}
          options={OPTION_NAMES.map(one => ({ value: one, label: OPTIONS[one][0] }))}
        />
        <Editor label="Value, as JSON" value={text} onChange={setText} />
        {change.problem && <ProblemText problem={change.problem} />}
        <Command text={commandText(namespace, 'definition', 'set', name, '--option', `${option}=${value}`)} />
      </div>
    </Dialog>
  )
}

function textOf(options: Options, option: OptionName): string {
  return JSON.stringify(options[option] ?? BEGINNINGS[option] ?? null, null, 2)
}
