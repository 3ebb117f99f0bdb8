import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { RunDetail } from '../../api/client.ts'
import { versionsQuery } from '../../api/work.ts'
import { shortId } from '../../format/id.ts'
import { versionText } from '../../format/word.ts'
import { Button } from '../../parts/button.tsx'
import { Command, commandText } from '../../parts/command.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { SelectField } from '../../parts/field.tsx'
import { Notice } from '../../parts/notice.tsx'
import { ErrorState, Skeleton } from '../../parts/states.tsx'
import { type Replayed, replayQuery } from './calls.ts'

/** Whether the run's history fits a version of the code that a worker serves now. No step is run, and nothing of the run changes. */
export default function ReplayDialog({ namespace, run, onClose }: { namespace: string; run: RunDetail; onClose(): void }) {
  const short = shortId(run.id)
  const versions = useQuery(versionsQuery(namespace, run.definition))
  const served = versions.data?.versions.filter(({ workers }) => workers.length > 0) ?? []
  const [chosen, setChosen] = useState<string | null>(null)
  const version = chosen ?? (served.find(one => one.version !== run.version) ?? served[0])?.version ?? null
  const replayed = useQuery({ ...replayQuery(namespace, run.id, version ?? ''), enabled: version !== null })
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Replay ${run.definition} ${short}`}
      description="The code of a version is called with the answers that the history gives. No step is run, and the run stays as it is."
      actions={<Button onClick={onClose}>Close</Button>}
    >
      <div className="flex flex-col gap-3">
        {versions.isPending && <Skeleton lines={2} />}
        {versions.isSuccess && served.length === 0 && <p className="text-soft">No live worker has its code.</p>}
        {version !== null && (
          <SelectField
            label="Version"
            value={version}
            onChange={setChosen}
            options={served.map(one => ({
              value: one.version,
              label: `${versionText(one.version)} · ${one.state}${one.version === run.version ? ' · goes by it' : ''}`,
            }))}
          />
        )}
        {version !== null && replayed.isPending && <Skeleton lines={1} />}
        {replayed.isError && <ErrorState error={replayed.error} retry={() => void replayed.refetch()} />}
        {replayed.data !== undefined && <Result replayed={replayed.data} />}
        <Command text={commandText(namespace, 'replay', short, '--against', 'FILE')} />
      </div>
    </Dialog>
  )
}

function Result({ replayed }: { replayed: Replayed }) {
  if (replayed.is === 'fits') return <Notice tone="good">Its history fits: {replayed.steps} steps are the same.</Notice>
  if (replayed.is === 'not-durable') return <Notice tone="failed">{replayed.why}</Notice>
  return (
    <Notice tone="failed">
      Its history does not fit: step {replayed.step} was {replayed.expected}, the code asks for {replayed.got}.
    </Notice>
  )
}
