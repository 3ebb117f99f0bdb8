import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { type AssetDetail, type AssetEvent, assetQuery, partitionsQuery } from '../api/assets.ts'
import { useNamespace } from '../api/namespace.ts'
import { Page } from '../app/page.tsx'
import { Button } from '../parts/button.tsx'
import { LINK } from '../parts/classes.ts'
import { AsCommand, commandText } from '../parts/command.tsx'
import { Crumbs } from '../parts/crumbs.tsx'
import { Facts, Panel } from '../parts/panel.tsx'
import { Rows } from '../parts/rows.tsx'
import { RunLink } from '../parts/run-link.tsx'
import { EmptyState, ErrorState, Skeleton } from '../parts/states.tsx'
import type { Column } from '../parts/table-columns.tsx'
import { Time } from '../parts/time.tsx'
import { Watermark } from '../parts/watermark.tsx'
import { WatermarkDialog } from '../parts/watermark-dialog.tsx'
import { PartitionStrip } from './partition-strip.tsx'

const route = getRouteApi('/data/$name')

/** One asset: who makes it, what waits for it, its partitions, its last events. */
export function AssetPage() {
  const namespace = useNamespace()
  const { name } = route.useParams()
  const asset = useQuery(assetQuery(namespace, name))
  const [sets, setSets] = useState(false)
  return (
    <Page
      title={name}
      heading={<Crumbs to="/data" list="Assets" name={name} />}
      actions={
        <>
          <Button icon="settings" disabled={asset.data === undefined} onClick={() => setSets(true)}>
            Set the watermark …
          </Button>
          <AsCommand text={commandText(namespace, 'asset', 'show', name)} />
        </>
      }
    >
      {asset.isPending ? (
        <Skeleton lines={10} />
      ) : asset.data === undefined ? (
        <ErrorState error={asset.error} retry={() => void asset.refetch()} />
      ) : (
        <>
          {sets && <WatermarkDialog namespace={namespace} of="asset" name={name} mark={asset.data.watermark} onClose={() => setSets(false)} />}
          {asset.data.description !== null && <p className="max-w-prose">{asset.data.description}</p>}
          <Hangs asset={asset.data} />
          {asset.data.partitions !== null && <Partitions namespace={namespace} asset={asset.data} />}
          <Panel title="Events" padded={false}>
            <Rows
              label="Events"
              columns={COLUMNS}
              rows={asset.data.events}
              rowKey={({ n }) => String(n)}
              empty={<EmptyState small title="It was not made yet" command={commandText(namespace, 'asset', 'emit', name)} />}
            />
          </Panel>
        </>
      )}
    </Page>
  )
}

function Hangs({ asset: { count, last, producers, consumers, watermark } }: { asset: AssetDetail }) {
  const made = producers.map(({ definition, dag, task }) => (
    <Link key={`${definition} ${task}`} to="/definitions/$name" params={{ name: dag ?? definition }} search={{}} className={LINK}>
      {dag === undefined ? definition : `${dag}.${task}`}
    </Link>
  ))
  const waits = consumers.map(({ schedule }) => (
    <Link key={schedule} to="/schedules/$name" params={{ name: schedule }} search={{}} className={LINK}>
      {schedule}
    </Link>
  ))
  const when = last === null ? '–' : <Time at={last.at} />
  const facts: [string, ReactNode][] = [
    ['Events', String(count)],
    ['Last', when],
    ['Made by', listOf(made)],
    ['Waited for by', listOf(waits)],
  ]
  if (watermark !== null) facts.push(['Watermark', <Watermark key="watermark" mark={watermark} />])
  return (
    <Panel title="What it hangs on">
      <Facts facts={facts} />
    </Panel>
  )
}

function listOf(links: readonly ReactNode[]): ReactNode {
  return links.length === 0 ? '–' : <span className="flex flex-col items-start">{links}</span>
}

function Partitions({ namespace, asset: { name } }: { namespace: string; asset: AssetDetail }) {
  const partitions = useQuery(partitionsQuery(namespace, name))
  return (
    <Panel title="Partitions" aside={<AsCommand text={commandText(namespace, 'asset', 'partitions', name)} />}>
      {partitions.isPending ? (
        <Skeleton lines={2} />
      ) : partitions.data === undefined ? (
        <ErrorState error={partitions.error} retry={() => void partitions.refetch()} />
      ) : (
        <PartitionStrip partitions={partitions.data.partitions} more={partitions.data.next !== null} />
      )}
    </Panel>
  )
}

const COLUMNS: readonly Column<AssetEvent>[] = [
  { id: 'n', header: 'Event', width: '70px', align: 'end', cell: ({ n }) => <span className="numeric">{n}</span> },
  { id: 'at', header: 'At', width: '110px', cell: ({ at }) => <Time at={at} /> },
  {
    id: 'source',
    header: 'Made by',
    cell: ({ source }) =>
      source.is === 'call' ? (
        <span className="text-soft">{source.by ?? 'a call'}</span>
      ) : (
        <span className="flex flex-wrap items-baseline gap-x-2">
          {source.dag === undefined ? source.definition : `${source.dag}.${source.task ?? source.definition}`}
          <RunLink run={source.run} />
        </span>
      ),
  },
  { id: 'partition', header: 'Partition', priority: 2, cell: ({ partition }) => <code>{partition ?? '–'}</code> },
  {
    id: 'extra',
    header: 'Says',
    priority: 3,
    cell: ({ extra }) =>
      extra === null ? <span className="text-soft">–</span> : <code className="break-all text-small">{JSON.stringify(extra)}</code>,
  },
]
