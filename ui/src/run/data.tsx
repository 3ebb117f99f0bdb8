import type { ReactNode } from 'react'
import type { RunDetail } from '../api/client.ts'
import { isClosed } from '../api/runs.ts'
import { shortId } from '../format/id.ts'
import { JsonView } from '../parts/json-view.tsx'
import { Panel } from '../parts/panel.tsx'
import { FailureView } from './failure.tsx'
import { keptIn, LargeResult } from './files/kept.tsx'

/** What it got, what it gave, and what it keeps: each as a tree. */
export function RunData({ namespace, run }: { namespace: string; run: RunDetail }) {
  const name = `${run.definition}-${shortId(run.id)}`
  const kept = keptIn(run.output)
  return (
    <div className="grid grid-cols-2 items-start gap-4 max-lg:grid-cols-1">
      <Part title="Input" name={`${name}-input`} value={run.input} none="It was started without an input." />
      {kept !== null ? (
        <Panel title="Output">
          <LargeResult namespace={namespace} run={run.id} name={`${name}-output.json`} kept={kept} />
        </Panel>
      ) : run.failure === null ? (
        <Part
          title="Output"
          name={`${name}-output`}
          value={run.output}
          none={
            run.state === 'completed' ? 'It completed without a result.' : isClosed(run.state) ? 'It gave no result.' : 'It has given no result yet.'
          }
        />
      ) : (
        <Panel title={isClosed(run.state) ? 'Error' : 'Error of the last attempt'}>
          <FailureView failure={run.failure} />
        </Panel>
      )}
      {run.checkpoint !== null && (
        <Part title="Checkpoint" name={`${name}-checkpoint`} value={run.checkpoint} none="" note="what its next attempt begins from" />
      )}
      {run.metadata !== null && <Part title="Metadata" name={`${name}-metadata`} value={run.metadata} none="" />}
      <Part title="Options in force" name={`${name}-options`} value={run.options} none="All options have their defaults." />
    </div>
  )
}

function Part({ title, name, value, none, note }: { title: string; name: string; value: unknown; none: string; note?: ReactNode }) {
  const empty = value === null || value === undefined || (typeof value === 'object' && Object.keys(value).length === 0)
  return (
    <Panel title={title} aside={note}>
      {empty && none !== '' ? <p className="text-soft">{none}</p> : <JsonView value={value} name={name} label={title} />}
    </Panel>
  )
}
