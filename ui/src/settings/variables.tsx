import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { call, client } from '../api/client.ts'
import { useNamespace } from '../api/namespace.ts'
import { useAction } from '../api/use-action.ts'
import { Button } from '../parts/button.tsx'
import { AsCommand, Command, commandText } from '../parts/command.tsx'
import type { Column } from '../parts/data-table.tsx'
import { ConfirmDialog, Dialog } from '../parts/dialog.tsx'
import { SwitchField, TextArea, TextField } from '../parts/field.tsx'
import { Panel } from '../parts/panel.tsx'
import { Rows } from '../parts/rows.tsx'
import { EmptyState, ErrorState, ProblemText, Skeleton } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { type Connection, connectionsQuery, type Variable, variablesQuery } from './queries.ts'

/** What work is to know and no code should say. What is secret is never shown, not even here. */
export function VariableSettings() {
  const namespace = useNamespace()
  return (
    <div className="flex flex-col gap-4">
      <Variables namespace={namespace} />
      <Connections namespace={namespace} />
    </div>
  )
}

function Variables({ namespace }: { namespace: string }) {
  const variables = useQuery(variablesQuery(namespace))
  const [setting, setSetting] = useState(false)
  const [removing, setRemoving] = useState<string | null>(null)
  const columns: readonly Column<Variable>[] = [
    { id: 'name', header: 'Name', width: '25%', cell: ({ name }) => <span className="font-medium">{name}</span> },
    { id: 'value', header: 'Value', width: '35%', cell: variable => <code className="break-all">{valueText(variable)}</code> },
    ...toldColumns(setRemoving),
  ]
  return (
    <>
      <Panel
        title="Variables"
        padded={false}
        aside={
          <>
            <Button icon="plus" onClick={() => setSetting(true)}>
              Set a variable
            </Button>
            <AsCommand text={commandText(namespace, 'variable', 'ls')} />
          </>
        }
      >
        {variables.isPending ? (
          <Skeleton lines={4} />
        ) : variables.data === undefined ? (
          <ErrorState error={variables.error} retry={() => void variables.refetch()} />
        ) : (
          <Rows
            label="Variables"
            columns={columns}
            rows={variables.data.variables}
            rowKey={({ name }) => name}
            empty={
              <EmptyState icon="settings" title="No variable yet" command="mainspring variable set NAME VALUE">
                A DAG names it as {'{{var.NAME}}'}, a handler asks for it with ctx.variable:
              </EmptyState>
            }
          />
        )}
      </Panel>
      {setting && <SetVariable namespace={namespace} onClose={() => setSetting(false)} />}
      <Remove kind="variable" namespace={namespace} name={removing} onClose={() => setRemoving(null)} />
    </>
  )
}

function valueText({ secret, value }: Variable): string {
  if (secret) return '••••••••'
  if (value === undefined) return '…'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function Connections({ namespace }: { namespace: string }) {
  const connections = useQuery(connectionsQuery(namespace))
  const [setting, setSetting] = useState(false)
  const [removing, setRemoving] = useState<string | null>(null)
  const columns: readonly Column<Connection>[] = [
    { id: 'name', header: 'Name', width: '25%', cell: ({ name }) => <span className="font-medium">{name}</span> },
    { id: 'uri', header: 'Address', width: '35%', cell: ({ uri }) => <code className="break-all">{uri}</code> },
    ...toldColumns(setRemoving),
  ]
  return (
    <>
      <Panel
        title="Connections"
        padded={false}
        aside={
          <>
            <Button icon="plus" onClick={() => setSetting(true)}>
              Set a connection
            </Button>
            <AsCommand text={commandText(namespace, 'connection', 'ls')} />
          </>
        }
      >
        {connections.isPending ? (
          <Skeleton lines={4} />
        ) : connections.data === undefined ? (
          <ErrorState error={connections.error} retry={() => void connections.refetch()} />
        ) : (
          <Rows
            label="Connections"
            columns={columns}
            rows={connections.data.connections}
            rowKey={({ name }) => name}
            empty={
              <EmptyState
                icon="settings"
                title="No connection yet"
                command="mainspring connection set NAME --uri postgres://login:password@host:5432/schema"
              >
                Where another system is, and who one is there:
              </EmptyState>
            }
          />
        )}
      </Panel>
      {setting && <SetConnection namespace={namespace} onClose={() => setSetting(false)} />}
      <Remove kind="connection" namespace={namespace} name={removing} onClose={() => setRemoving(null)} />
    </>
  )
}

type Told = Pick<Variable, 'name' | 'from' | 'description' | 'set'>

/** Only what the database has can be removed here. */
function toldColumns(onRemove: (name: string) => void): readonly Column<Told>[] {
  return [
    { id: 'from', header: 'From', cell: ({ from, set }) => (set?.since == null ? from : <Time at={set.since} as="short" />) },
    { id: 'description', header: 'Description', cell: ({ description }) => description },
    {
      id: 'remove',
      header: '',
      align: 'end',
      cell: ({ name, from }) =>
        from === 'database' && (
          <Button kind="quiet" aria-label={`Remove ${name}`} onClick={() => onRemove(name)}>
            Remove
          </Button>
        ),
    },
  ]
}

function SetVariable({ namespace, onClose }: { namespace: string; onClose(): void }) {
  const [name, setName] = useState('')
  const [text, setText] = useState('')
  const [secret, setSecret] = useState(false)
  const [description, setDescription] = useState('')
  const value = valueOfText(text)
  const set = useAction({
    label: `Set variable ${name.trim()}`,
    call: (body: { value: unknown; secret: boolean; description?: string }) =>
      call(client.PUT('/v1/namespaces/{namespace}/variables/{name}', { params: { path: { namespace, name: name.trim() } }, body })),
    refresh: [[namespace, 'variables']],
    onDone: onClose,
  })
  const isWhole = name.trim() !== '' && value !== undefined
  return (
    <Dialog
      open
      onClose={onClose}
      title="Set a variable"
      description="Tasks that are handed out from then on get it."
      actions={
        <>
          <Button onClick={onClose}>Leave it</Button>
          <Button kind="main" type="submit" form="set-variable" disabled={!isWhole} pending={set.pending}>
            Set it
          </Button>
        </>
      }
    >
      <form
        id="set-variable"
        className="flex flex-col gap-3"
        onSubmit={event => {
          event.preventDefault()
          if (isWhole) set.run({ value, secret, ...(description.trim() !== '' && { description: description.trim() }) })
        }}
      >
        <TextField label="Name" value={name} onChange={event => setName(event.target.value)} autoComplete="off" spellCheck={false} />
        <TextArea
          label="Value"
          value={text}
          onChange={event => setText(event.target.value)}
          rows={3}
          spellCheck={false}
          help="a text, or JSON that begins with { or ["
          {...(value === undefined && { problem: 'this is not JSON' })}
        />
        <SwitchField label="Secret" help="encrypted, and shown to nobody but workers that have a task" checked={secret} onChange={setSecret} />
        <TextField label="Description" optional value={description} onChange={event => setDescription(event.target.value)} autoComplete="off" />
        <Command
          text={commandText(namespace, 'variable', 'set', name.trim() || 'NAME', secret ? '-' : text || 'VALUE', ...(secret ? ['--secret'] : []))}
        />
        {set.problem && <ProblemText problem={set.problem} />}
      </form>
    </Dialog>
  )
}

/** Undefined: it begins as JSON and is none. */
function valueOfText(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return text
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function SetConnection({ namespace, onClose }: { namespace: string; onClose(): void }) {
  const [name, setName] = useState('')
  const [uri, setUri] = useState('')
  const [description, setDescription] = useState('')
  const set = useAction({
    label: `Set connection ${name.trim()}`,
    call: (body: { uri: string; description?: string }) =>
      call(client.PUT('/v1/namespaces/{namespace}/connections/{name}', { params: { path: { namespace, name: name.trim() } }, body })),
    refresh: [[namespace, 'connections']],
    onDone: onClose,
  })
  const isWhole = name.trim() !== '' && uri.trim() !== ''
  return (
    <Dialog
      open
      onClose={onClose}
      title="Set a connection"
      description="Password and parameters are encrypted, and shown to nobody but workers that have a task."
      actions={
        <>
          <Button onClick={onClose}>Leave it</Button>
          <Button kind="main" type="submit" form="set-connection" disabled={!isWhole} pending={set.pending}>
            Set it
          </Button>
        </>
      }
    >
      <form
        id="set-connection"
        className="flex flex-col gap-3"
        onSubmit={event => {
          event.preventDefault()
          if (isWhole) set.run({ uri: uri.trim(), ...(description.trim() !== '' && { description: description.trim() }) })
        }}
      >
        <TextField label="Name" value={name} onChange={event => setName(event.target.value)} autoComplete="off" spellCheck={false} />
        <TextField
          label="Address"
          mono
          value={uri}
          onChange={event => setUri(event.target.value)}
          placeholder="postgres://login:password@host:5432/schema"
          help="special characters percent-encoded"
          autoComplete="off"
          spellCheck={false}
        />
        <TextField label="Description" optional value={description} onChange={event => setDescription(event.target.value)} autoComplete="off" />
        <Command text={commandText(namespace, 'connection', 'set', name.trim() || 'NAME', '--uri', '-')} />
        {set.problem && <ProblemText problem={set.problem} />}
      </form>
    </Dialog>
  )
}

function Remove({ kind, namespace, name, onClose }: { kind: 'variable' | 'connection'; namespace: string; name: string | null; onClose(): void }) {
  const remove = useAction({
    label: `Remove ${kind} ${name}`,
    call: (wanted: string) => {
      const params = { path: { namespace, name: wanted } }
      return kind === 'variable'
        ? call(client.DELETE('/v1/namespaces/{namespace}/variables/{name}', { params }))
        : call(client.DELETE('/v1/namespaces/{namespace}/connections/{name}', { params }))
    },
    refresh: [[namespace, `${kind}s`]],
    onDone: onClose,
  })
  return (
    <ConfirmDialog
      open={name !== null}
      onClose={onClose}
      title={`Remove the ${kind} ${name}?`}
      description="Tasks that name it fail from then on. It cannot be brought back."
      verb={`Remove the ${kind}`}
      danger
      action={remove}
      input={() => name ?? ''}
      command={commandText(namespace, kind, 'rm', name ?? '')}
    />
  )
}
