import { useQuery } from '@tanstack/react-query'
import { setDuration } from '../format/word.ts'
import { AsCommand, Command } from '../parts/command.tsx'
import type { Column } from '../parts/data-table.tsx'
import { Notice } from '../parts/notice.tsx'
import { Facts, Panel } from '../parts/panel.tsx'
import { Rows } from '../parts/rows.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { ErrorState, Skeleton } from '../parts/states.tsx'
import { Duration, Time } from '../parts/time.tsx'
import { type Server, serverQuery } from './queries.ts'

/** What this server is, whether its store is well, and each setting with where it came from. */
export function ServerSettings() {
  const server = useQuery(serverQuery)
  if (server.isPending) return <Skeleton lines={10} />
  if (server.data === undefined) return <ErrorState error={server.error} retry={() => void server.refetch()} />
  return <Known server={server.data} />
}

const STORES: Record<string, string> = {
  sqlite: 'SQLite, every acknowledgement on disk',
  memory: 'memory: gone with the process',
  postgres: 'PostgreSQL',
}

function Known({ server }: { server: Server }) {
  const { version, node, store, startedAt, ready, fault, bind, asksForKeys, executors, retention, now } = server
  return (
    <div className="flex flex-col gap-4">
      {fault !== null && (
        <Notice tone="failed">
          <p>
            <b className="font-semibold">Nothing is written at present</b>: {fault}
          </p>
          <p className="text-soft">Nothing is acknowledged that is not on disk, so starts are refused until then.</p>
        </Notice>
      )}
      <Panel title="This server" aside={<StateBadge state={ready ? 'ready' : 'late'} reason={ready ? null : 'not ready'} />}>
        <Facts
          facts={[
            ['Mainspring', version],
            ['Node.js', node || '–'],
            ['Store', STORES[store] ?? store],
            ['Listens on', <code key="bind">{bind ?? '–'}</code>],
            ['Asks for keys', asksForKeys ? 'yes' : 'no'],
            [
              'Up for',
              <span key="up">
                <Duration from={startedAt} to={null} /> <span className="text-soft">since</span> <Time at={startedAt} as="short" />
              </span>,
            ],
            ['Its clock', <Time key="now" at={now} as="clock" />],
            ['Built-in executors', executors.length === 0 ? 'none' : executors.join(', ')],
            ['Closed runs are kept', setDuration(retention.runsMs)],
            ['Keys of starts are kept', setDuration(retention.keysMs)],
          ]}
        />
      </Panel>
      <Configuration configuration={server.configuration} />
      <Panel title="Copy its database while it runs">
        <Command text="mainspring backup backup.db" />
      </Panel>
    </div>
  )
}

interface Setting {
  name: string
  value: string | number | null
  from: string
}

const COLUMNS: readonly Column<Setting>[] = [
  { id: 'name', header: 'Setting', width: '24%', cell: ({ name }) => <code>{name}</code> },
  {
    id: 'value',
    header: 'Value',
    width: '46%',
    cell: ({ value }) => (value === null ? <span className="text-soft">–</span> : <code className="break-all">{String(value)}</code>),
  },
  { id: 'from', header: 'From', cell: ({ from }) => <span className={isGiven(from) ? 'font-medium' : 'text-soft'}>{from}</span> },
]

function isGiven(from: string): boolean {
  return from !== 'default' && from !== 'not set'
}

/** What somebody has set comes first: that is what one looks for. */
function Configuration({ configuration }: { configuration: Server['configuration'] }) {
  const settings = Object.entries(configuration)
    .map(([name, { value, from }]): Setting => ({ name, value: name === 'lease' ? setDuration(Number(value)) : value, from }))
    .sort((a, b) => Number(isGiven(b.from)) - Number(isGiven(a.from)))
  return (
    <Panel title="Configuration" padded={false} aside={<AsCommand text="mainspring config" />}>
      <Rows label="Configuration" columns={COLUMNS} rows={settings} rowKey={({ name }) => name} />
      <p className="border-t border-line px-3 py-2 text-small text-soft">
        Flags win over MAINSPRING_… variables, these over mainspring.yaml, that over defaults.
      </p>
    </Panel>
  )
}
