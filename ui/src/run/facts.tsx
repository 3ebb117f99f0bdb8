import { Link } from '@tanstack/react-router'
import type { RunDetail } from '../api/client.ts'
import { Facts, Panel } from '../parts/panel.tsx'
import { Duration, Time } from '../parts/time.tsx'

const LINK = 'underline decoration-line underline-offset-3 hover:decoration-current'

export function RunFacts({ run }: { run: RunDetail }) {
  const tags = Object.entries(run.tags ?? {})
  return (
    <Panel title="Facts">
      <Facts
        facts={[
          [
            'Definition',
            <Link key="definition" to="/runs" search={{ definition: [run.definition] }} className={LINK}>
              {run.definition}
            </Link>,
          ],
          [
            'Queue',
            <Link key="queue" to="/runs" search={{ queue: [run.queue] }} className={LINK}>
              {run.queue}
            </Link>,
          ],
          ['Attempt', `${run.attempt} of ${run.attempts}`],
          ['Priority', run.priority],
          ['Created', <Time key="created" at={run.createdAt} />],
          ['Started', <Time key="started" at={run.startedAt} />],
          ['Took', <Duration key="took" from={run.startedAt} to={run.closedAt} />],
          ...(run.closedAt === null
            ? ([['Next', <Time key="next" at={run.nextAt} />]] as const)
            : ([['Closed', <Time key="closed" at={run.closedAt} />]] as const)),
          ...(run.worker === null ? [] : ([['Worker', run.worker]] as const)),
          ...(run.progress === null ? [] : ([['Progress', `${Math.round(run.progress.value * 100)} % ${run.progress.message ?? ''}`]] as const)),
          ...(tags.length === 0
            ? []
            : ([
                [
                  'Tags',
                  tags.map(([name, value]) => (
                    <Link key={name} to="/runs" search={{ tag: [`${name}:${value}`] }} className={`mr-2 ${LINK}`}>
                      {name}:{value}
                    </Link>
                  )),
                ],
              ] as const)),
        ]}
      />
    </Panel>
  )
}
