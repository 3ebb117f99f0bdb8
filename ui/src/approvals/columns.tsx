import { Link } from '@tanstack/react-router'
import type { Approval } from '../api/approvals.ts'
import { shortId } from '../format/id.ts'
import type { Column } from '../parts/data-table.tsx'
import { Time } from '../parts/time.tsx'

export const approvalColumns: readonly Column<Approval>[] = [
  {
    id: 'run',
    header: 'Run',
    width: '64px',
    card: 'none',
    cell: ({ run }) => (
      <Link to="/runs/$run" params={{ run }} search={{}} className="font-mono text-small hover:underline" title={run}>
        {shortId(run)}
      </Link>
    ),
  },
  {
    id: 'subject',
    header: 'What is asked',
    width: 'minmax(180px, 3fr)',
    card: 'title',
    cell: ({ run, subject }) => (
      <Link to="/approvals" search={previous => ({ ...previous, run })} className="truncate font-medium hover:underline">
        {subject}
      </Link>
    ),
  },
  {
    id: 'of',
    header: 'Of',
    width: 'minmax(130px, 1.5fr)',
    cell: ({ definition, dag }) => (
      <Link to="/runs/$run" params={{ run: dag.run }} search={{}} className="truncate hover:underline">
        {definition}
        {dag.item !== null && `, item ${dag.item}`}
      </Link>
    ),
  },
  {
    id: 'for',
    header: 'For',
    width: 'minmax(90px, 1fr)',
    priority: 2,
    cell: ({ assignees }) => <span className="truncate text-soft">{assignees.length === 0 ? 'anybody' : assignees.join(', ')}</span>,
  },
  { id: 'since', header: 'Asked', width: '84px', align: 'end', cell: ({ since }) => <Time at={since} /> },
  {
    id: 'deadline',
    header: 'Deadline',
    width: '110px',
    align: 'end',
    cell: ({ deadline }) => (deadline === null ? <span className="text-soft">–</span> : <Time at={deadline} />),
  },
]
