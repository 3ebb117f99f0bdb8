import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { DefinitionDetail } from '../api/work.ts'
import { Button } from '../parts/button.tsx'
import { LINK } from '../parts/classes.ts'
import { AsCommand, commandText } from '../parts/command.tsx'
import { useCommand } from '../parts/commands.ts'
import type { Column } from '../parts/data-table.tsx'
import { Icon } from '../parts/icons.tsx'
import { JsonView } from '../parts/json-view.tsx'
import { Panel } from '../parts/panel.tsx'
import { Rows } from '../parts/rows.tsx'
import { SetBy } from '../parts/set-by.tsx'
import { ChangeOption } from './change-option.tsx'
import { ResetOptions } from './reset-options.tsx'
import { OPTION_NAMES, OPTIONS, type OptionName, optionText } from './words.ts'

interface Row {
  name: OptionName
  value: unknown
  /** Undefined: no operator has set it. */
  set: DefinitionDetail['set'][string] | undefined
}

/** The options that hold: each with whose word it is, and a way to say otherwise. */
export function OptionsInForce({ namespace, definition }: { namespace: string; definition: DefinitionDetail }) {
  const { name, options, override, set } = definition
  const [changing, setChanging] = useState<OptionName | null>(null)
  // What somebody has said comes first; below it what could be said.
  const rows = OPTION_NAMES.map((option): Row => ({ name: option, value: options[option], set: set[option] })).sort(
    (a, b) => Number(b.value !== undefined) - Number(a.value !== undefined),
  )
  const columns: readonly Column<Row>[] = [
    {
      id: 'option',
      header: 'Option',
      width: '28%',
      cell: row => (
        <span>
          <span className={row.value === undefined ? 'text-soft' : 'font-medium'}>{OPTIONS[row.name][0]}</span>
          <span className="block text-small text-soft @max-[560px]:hidden">{OPTIONS[row.name][1]}</span>
        </span>
      ),
    },
    {
      id: 'value',
      header: 'In force',
      width: '42%',
      cell: row => (
        <>
          <Value row={row} />
          {row.set !== undefined && (
            <span className="hidden @max-[560px]:block">
              <SetBy set={row.set} />
            </span>
          )}
        </>
      ),
    },
    {
      id: 'from',
      header: 'From',
      priority: 2,
      cell: ({ value, set }) => (value === undefined ? <span className="text-soft">default</span> : <SetBy set={set} />),
    },
    {
      id: 'change',
      header: '',
      align: 'end',
      cell: row => (
        <Button kind="quiet" aria-label={`Change ${OPTIONS[row.name][0]}`} onClick={() => setChanging(row.name)}>
          Change
        </Button>
      ),
    },
  ]
  useCommand({ label: 'Change an option', group: 'This page', keys: 'e', run: () => setChanging('retry') })
  return (
    <div className="flex flex-col gap-4">
      <Panel
        title="Options in force"
        padded={false}
        aside={
          <>
            {override !== null && <ResetOptions namespace={namespace} definition={definition} />}
            <AsCommand text={commandText(namespace, 'definition', 'show', name)} />
          </>
        }
      >
        <Rows label={`Options of ${name}`} columns={columns} rows={rows} rowKey={row => row.name} />
      </Panel>
      <details className="group rounded border border-line bg-surface">
        <summary className="flex h-10 cursor-pointer items-center gap-2 px-3 font-semibold -outline-offset-2">
          <Icon name="right" size={14} className="text-soft group-open:rotate-90" /> As JSON
        </summary>
        <div className="border-t border-line p-3">
          <JsonView value={options} name={`${name} options`} />
        </div>
      </details>
      {changing !== null && <ChangeOption namespace={namespace} definition={definition} first={changing} onClose={() => setChanging(null)} />}
    </div>
  )
}

function Value({ row: { name, value } }: { row: Row }) {
  if (value === undefined) return <span className="text-soft">{OPTIONS[name][2]}</span>
  const text = optionText(name, value)
  if (name === 'queue')
    return (
      <Link to="/queues/$name" params={{ name: text }} search={{}} className={LINK}>
        {text}
      </Link>
    )
  if (name === 'onFailure' && typeof value === 'string')
    return (
      <Link to="/definitions/$name" params={{ name: value }} search={{}} className={LINK}>
        {value}
      </Link>
    )
  return <span className="break-words">{text}</span>
}
