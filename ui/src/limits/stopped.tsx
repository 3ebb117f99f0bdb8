import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { call, client } from '../api/client.ts'
import { summaryQuery } from '../api/names.ts'
import { useAction } from '../api/use-action.ts'
import type { Need } from '../api/work.ts'
import { Button } from '../parts/button.tsx'
import { LINK } from '../parts/classes.ts'
import { AsCommand, commandText } from '../parts/command.tsx'
import { Notice } from '../parts/notice.tsx'
import { RunLink } from '../parts/run-rows.tsx'
import { ProblemText } from '../parts/states.tsx'

/** Sequences that stopped at a failed run: others wait in them until somebody says that they may go on. */
export function Stopped({ namespace }: { namespace: string }) {
  const sequences = useQuery(summaryQuery(namespace)).data?.needs.filter(({ is }) => is === 'sequence') ?? []
  if (sequences.length === 0) return null
  return (
    <div className="flex flex-col gap-2 px-4 pb-3 max-sm:px-3">
      {sequences.map(need => (
        <Sequence key={`${need.definition} ${need.key}`} namespace={namespace} need={need} />
      ))}
    </div>
  )
}

function Sequence({ namespace, need: { definition = '', key = '', run } }: { namespace: string; need: Need }) {
  const resume = useAction({
    label: `Resume the sequence of ${definition}`,
    call: (_: null) =>
      call(client.POST('/v1/namespaces/{namespace}/sequences/{name}/resume', { params: { path: { namespace, name: definition } }, body: { key } })),
    done: 'it goes on with the next run',
    refresh: [
      [namespace, 'summary'],
      [namespace, 'limits'],
      [namespace, 'queues'],
    ],
  })
  return (
    <Notice
      tone="failed"
      action={
        <>
          <Button icon="play" pending={resume.pending} onClick={() => resume.run(null)}>
            Resume with the next
          </Button>
          <AsCommand text={commandText(namespace, 'sequence', 'resume', definition, key)} />
        </>
      }
    >
      <p>
        <b className="font-semibold">A sequence has stopped</b>:{' '}
        <Link to="/definitions/$name" params={{ name: definition }} search={{}} className={LINK}>
          {definition}
        </Link>{' '}
        for <code>{key === '' ? '(no key)' : key}</code>
        {run !== undefined && (
          <>
            , when <RunLink run={run} /> failed
          </>
        )}
        .
      </p>
      <p className="text-soft">Others wait in it. Retry the failed run to keep the order, or leave it behind and go on.</p>
      {resume.problem && <ProblemText problem={resume.problem} />}
    </Notice>
  )
}
