import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { call, client } from '../api/client.ts'
import { useAction } from '../api/use-action.ts'
import { Button } from '../parts/button.tsx'
import { AsCommand, Command, commandText } from '../parts/command.tsx'
import { Copy } from '../parts/copy.tsx'
import type { Column } from '../parts/data-table.tsx'
import { ConfirmDialog, Dialog } from '../parts/dialog.tsx'
import { TextField } from '../parts/field.tsx'
import { Notice } from '../parts/notice.tsx'
import { Panel } from '../parts/panel.tsx'
import { Rows } from '../parts/rows.tsx'
import { EmptyState, ErrorState, ProblemText, Skeleton } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { keysQuery } from './queries.ts'

interface Key {
  name: string
  createdAt: string
}

/** Who may call a server that listens beyond its machine. A key is shown once, when it is made. */
export function KeySettings() {
  const keys = useQuery(keysQuery)
  const [making, setMaking] = useState(false)
  const [removing, setRemoving] = useState<string | null>(null)
  const columns: readonly Column<Key>[] = [
    { id: 'name', header: 'Name', width: '50%', cell: ({ name }) => <span className="font-medium">{name}</span> },
    { id: 'created', header: 'Made', cell: ({ createdAt }) => <Time at={createdAt} as="short" /> },
    {
      id: 'remove',
      header: '',
      align: 'end',
      cell: ({ name }) => (
        <Button kind="quiet" aria-label={`Remove the key ${name}`} onClick={() => setRemoving(name)}>
          Remove
        </Button>
      ),
    },
  ]
  return (
    <>
      <Panel
        title="API keys"
        padded={false}
        aside={
          <>
            <Button icon="plus" onClick={() => setMaking(true)}>
              New key
            </Button>
            <AsCommand text="mainspring key ls" />
          </>
        }
      >
        {keys.isPending ? (
          <Skeleton lines={4} />
        ) : keys.data === undefined ? (
          <ErrorState error={keys.error} retry={() => void keys.refetch()} />
        ) : (
          <Rows
            label="API keys"
            columns={columns}
            rows={keys.data.keys}
            rowKey={({ name }) => name}
            empty={
              <EmptyState icon="settings" title="No key yet" command="mainspring key create NAME">
                A server that listens on this machine alone asks for none. Before it listens beyond, it needs at least one:
              </EmptyState>
            }
          />
        )}
      </Panel>
      {making && <NewKey onClose={() => setMaking(false)} />}
      <RemoveKey name={removing} onClose={() => setRemoving(null)} />
    </>
  )
}

function NewKey({ onClose }: { onClose(): void }) {
  const [name, setName] = useState('')
  const [made, setMade] = useState<string | null>(null)
  const make = useAction({
    label: `Make key ${name.trim()}`,
    call: (wanted: string) => call(client.POST('/v1/keys', { body: { name: wanted } })),
    refresh: [['keys']],
    onDone: answer => setMade(answer.key),
  })
  if (made !== null) return <Made name={name.trim()} secret={made} onClose={onClose} />
  return (
    <Dialog
      open
      onClose={onClose}
      title="New API key"
      description="One for each program and person: then one can be removed without the others."
      actions={
        <>
          <Button onClick={onClose}>Leave it</Button>
          <Button kind="main" type="submit" form="new-key" disabled={name.trim() === ''} pending={make.pending}>
            Make the key
          </Button>
        </>
      }
    >
      <form
        id="new-key"
        className="flex flex-col gap-3"
        onSubmit={event => {
          event.preventDefault()
          if (name.trim() !== '') make.run(name.trim())
        }}
      >
        <TextField
          label="Name"
          value={name}
          onChange={event => setName(event.target.value)}
          placeholder="such as ci, or maria"
          autoComplete="off"
          spellCheck={false}
        />
        <Command text={commandText('default', 'key', 'create', name.trim() || 'NAME')} />
        {make.problem && <ProblemText problem={make.problem} />}
      </form>
    </Dialog>
  )
}

/** The only time that it is seen: the server keeps a hash of it. */
function Made({ name, secret, onClose }: { name: string; secret: string; onClose(): void }) {
  return (
    <Dialog
      open
      onClose={onClose}
      title={`The key ${name}`}
      actions={
        <Button kind="main" onClick={onClose}>
          I have it
        </Button>
      }
    >
      <div className="flex flex-col gap-3">
        <Notice tone="warning">It is shown this once. Whoever has it may do all that you may do here.</Notice>
        <p className="flex items-center gap-1 rounded border border-line bg-ground py-1 pl-3 pr-1">
          <code className="min-w-0 grow break-all">{secret}</code>
          <Copy text={secret} label="Copy the key" />
        </p>
        <p className="text-soft">
          Programs take it from <code>MAINSPRING_API_KEY</code>.
        </p>
      </div>
    </Dialog>
  )
}

function RemoveKey({ name, onClose }: { name: string | null; onClose(): void }) {
  const remove = useAction({
    label: `Remove key ${name}`,
    call: (wanted: string) => call(client.DELETE('/v1/keys/{name}', { params: { path: { name: wanted } } })),
    done: 'it is refused from now on',
    refresh: [['keys']],
    onDone: onClose,
  })
  return (
    <ConfirmDialog
      open={name !== null}
      onClose={onClose}
      title={`Remove the key ${name}?`}
      description="Whoever uses it is refused from then on: workers with it get no more runs. It cannot be brought back."
      verb="Remove the key"
      danger
      action={remove}
      input={() => name ?? ''}
      command={commandText('default', 'key', 'rm', name ?? '')}
    />
  )
}
