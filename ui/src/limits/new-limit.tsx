import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { call, client } from '../api/client.ts'
import { definitionsQuery, queuesQuery } from '../api/names.ts'
import { useAction } from '../api/use-action.ts'
import type { Limit } from '../api/work.ts'
import { Button } from '../parts/button.tsx'
import { Command, commandText } from '../parts/command.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { SelectField, TextField } from '../parts/field.tsx'
import { ProblemText } from '../parts/states.tsx'
import { SizeFields, sizeOf, typedOf } from './size-fields.tsx'
import { onFlags, sizeText } from './words.ts'

type Scope = 'queue' | 'definition' | 'namespace' | 'pool'

/** A limit of an operator's own: on a queue, a definition, a pool, or everything. */
export function NewLimit({ namespace, open, onClose }: { namespace: string; open: boolean; onClose(): void }) {
  const navigate = useNavigate()
  const queues = useQuery({ ...queuesQuery(namespace), enabled: open }).data?.queues ?? []
  const definitions = useQuery({ ...definitionsQuery(namespace), enabled: open }).data?.definitions ?? []
  const [name, setName] = useState('')
  const [scope, setScope] = useState<Scope>('queue')
  const [target, setTarget] = useState('')
  const [per, setPer] = useState('')
  const [typed, setTyped] = useState(typedOf({ concurrency: 5 }))
  const size = sizeOf(typed)
  const targets = scope === 'queue' ? queues : scope === 'definition' ? definitions : []
  const chosen = targets.some(one => one.name === target) ? target : (targets[0]?.name ?? '')
  const on: Limit['on'] = scope === 'queue' ? { queue: chosen } : scope === 'definition' ? { definition: chosen } : scope
  const isWhole = name.trim() !== '' && size !== null && (typeof on === 'string' || chosen !== '')
  const make = useAction({
    label: `Set limit ${name.trim()}`,
    call: (body: { on: Limit['on']; per?: string; concurrency?: number; rate?: number; every?: string }) =>
      call(client.PUT('/v1/namespaces/{namespace}/limits/{name}', { params: { path: { namespace, name: name.trim() } }, body })),
    done: answer => `it lets ${sizeText(answer)} through`,
    refresh: [[namespace, 'limits']],
    onDone: answer => {
      onClose()
      void navigate({ to: '/limits/$name', params: { name: answer.name }, search: {} })
    },
  })
  const flags =
    size === null ? [] : 'rate' in size ? ['--rate', String(size.rate), '--every', size.every] : ['--concurrency', String(size.concurrency)]
  return (
    <Dialog
      open={open}
      onClose={() => {
        make.clear()
        onClose()
      }}
      title="New limit"
      description="It holds from the moment it is set, for what starts then: nothing that runs is stopped."
      actions={
        <>
          <Button onClick={onClose}>Leave it</Button>
          <Button kind="main" type="submit" form="new-limit" disabled={!isWhole} pending={make.pending}>
            Set the limit
          </Button>
        </>
      }
    >
      <form
        id="new-limit"
        className="flex flex-col gap-3"
        onSubmit={event => {
          event.preventDefault()
          if (isWhole) make.run({ on, ...(per.trim() !== '' && { per: per.trim() }), ...size })
        }}
      >
        <TextField
          label="Name"
          value={name}
          onChange={event => setName(event.target.value)}
          placeholder="such as partner-api"
          autoComplete="off"
          spellCheck={false}
        />
        <div className="grid grid-cols-2 gap-3 max-sm:grid-cols-1">
          <SelectField
            label="On"
            value={scope}
            onChange={next => setScope(next as Scope)}
            options={[
              { value: 'queue', label: 'a queue' },
              { value: 'definition', label: 'a definition' },
              { value: 'namespace', label: 'the whole namespace' },
              { value: 'pool', label: 'a pool that definitions name' },
            ]}
          />
          {targets.length > 0 && (
            <SelectField
              label={scope === 'queue' ? 'Queue' : 'Definition'}
              value={chosen}
              onChange={setTarget}
              options={targets.map(one => ({ value: one.name, label: one.name }))}
            />
          )}
        </div>
        <TextField
          label="For each (optional)"
          mono
          value={per}
          onChange={event => setPer(event.target.value)}
          placeholder="user"
          help="a path into the input: each value has the limit for itself"
        />
        <SizeFields typed={typed} onChange={setTyped} />
        <Command
          text={commandText(
            namespace,
            'limits',
            'set',
            name.trim() || 'NAME',
            ...onFlags(on),
            ...(per.trim() === '' ? [] : ['--per', per.trim()]),
            ...flags,
          )}
        />
        {make.problem && <ProblemText problem={make.problem} />}
      </form>
    </Dialog>
  )
}
