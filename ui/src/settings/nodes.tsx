import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { call, client } from '../api/client.ts'
import type { components } from '../api/generated.ts'
import { useAction } from '../api/use-action.ts'
import { shortId } from '../format/id.ts'
import { Button } from '../parts/button.tsx'
import { AsCommand, commandText } from '../parts/command.tsx'
import type { Column } from '../parts/data-table.tsx'
import { ConfirmDialog } from '../parts/dialog.tsx'
import { Notice } from '../parts/notice.tsx'
import { Panel } from '../parts/panel.tsx'
import { Rows } from '../parts/rows.tsx'
import { ErrorState, Skeleton } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { nodesQuery } from './queries.ts'

type Node = components['schemas']['Nodes']['nodes'][number]

const REFRESH = [['nodes'], ['server']]

/** The nodes of the cluster: who serves, who stands by, and who is to give its shards up. */
export function NodeSettings() {
  const nodes = useQuery(nodesQuery)
  const [draining, setDraining] = useState<Node | null>(null)
  const undrain = useAction({
    label: 'Let the node serve again',
    call: ({ id }: Node) => call(client.POST('/v1/nodes/{node}/undrain', { params: { path: { node: id } }, body: {} })),
    done: 'it may serve again',
    refresh: REFRESH,
  })
  const columns: readonly Column<Node>[] = [
    {
      id: 'name',
      header: 'Node',
      width: '24%',
      cell: ({ name, id }) => (
        <>
          <span className="font-medium">{name}</span> <code className="text-soft">{shortId(id)}</code>
        </>
      ),
    },
    {
      id: 'shards',
      header: 'Serves',
      width: '12%',
      cell: ({ shards }) => (shards === 0 ? <span className="text-soft">stands by</span> : `${shards} shards`),
    },
    { id: 'since', header: 'Up since', width: '12%', cell: ({ since }) => <Time at={since} as="short" /> },
    { id: 'address', header: 'Others reach it at', width: '22%', cell: ({ address }) => <code className="break-all">{address ?? '–'}</code> },
    {
      id: 'drained',
      header: 'Drained',
      cell: ({ drained }) => (drained === null ? <span className="text-soft">no</span> : <Drained drained={drained} />),
    },
    {
      id: 'act',
      header: '',
      align: 'end',
      cell: node =>
        node.drained === null ? (
          <Button kind="quiet" aria-label={`Drain ${node.name}`} onClick={() => setDraining(node)}>
            Drain
          </Button>
        ) : (
          <Button kind="quiet" aria-label={`Let ${node.name} serve again`} pending={undrain.pending} onClick={() => undrain.run(node)}>
            Undrain
          </Button>
        ),
    },
  ]
  return (
    <>
      {typeof nodes.data?.fault === 'string' && <Notice tone="failed">Nothing is served or written at present: {nodes.data.fault}</Notice>}
      <Panel title="Nodes" padded={false} aside={<AsCommand text="mainspring node ls" />}>
        {nodes.isPending ? (
          <Skeleton lines={4} />
        ) : nodes.data === undefined ? (
          <ErrorState error={nodes.error} retry={() => void nodes.refetch()} />
        ) : (
          <Rows label="Nodes" columns={columns} rows={nodes.data.nodes} rowKey={({ id }) => id} />
        )}
      </Panel>
      <DrainNode node={draining} onClose={() => setDraining(null)} />
    </>
  )
}

function Drained({ drained: { by, note, since } }: { drained: NonNullable<Node['drained']> }) {
  return (
    <>
      since <Time at={since} as="short" />
      {by !== null && ` by ${by}`}
      {note !== null && (
        <>
          : <q>{note}</q>
        </>
      )}
    </>
  )
}

function DrainNode({ node, onClose }: { node: Node | null; onClose(): void }) {
  const drain = useAction({
    label: `Drain ${node?.name}`,
    call: (why: string) =>
      call(
        client.POST('/v1/nodes/{node}/drain', {
          params: { path: { node: node?.id ?? '' } },
          body: why.trim() === '' ? {} : { why: why.trim() },
        }),
      ),
    done: 'another serves what it served',
    refresh: REFRESH,
    onDone: onClose,
  })
  return (
    <ConfirmDialog
      open={node !== null}
      onClose={onClose}
      title={`Drain ${node?.name}?`}
      description="It gives its shards up at once and takes none; another node serves them. Its process can be ended in peace then."
      verb="Drain the node"
      action={drain}
      input={why => why}
      asksWhy
      whyLabel="Note (shown wherever that is)"
      command={commandText('default', 'node', 'drain', node?.name ?? '')}
    />
  )
}
