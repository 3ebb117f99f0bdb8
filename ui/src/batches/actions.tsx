import { useState } from 'react'
import { cancelBatch, pauseBatch, resumeBatch, sealBatch } from '../api/batches.ts'
import { useAction } from '../api/use-action.ts'
import type { Batch } from '../api/work.ts'
import { shortId } from '../format/id.ts'
import { counted } from '../format/word.ts'
import { isUnderWay } from '../parts/backfill.ts'
import { Button } from '../parts/button.tsx'
import { AsCommand, commandText } from '../parts/command.tsx'
import { useCommand } from '../parts/commands.ts'
import { ConfirmDialog } from '../parts/dialog.tsx'
import { ProblemText } from '../parts/states.tsx'

/** Of an operation: pause between two pages, go on, end. Of a backfill the same, between two times. Of jobs: take no more, ask the open ones to stop. */
export function BatchActions({ namespace, batch }: { namespace: string; batch: Batch }) {
  const [asking, setAsking] = useState(false)
  const short = shortId(batch.id)
  const isBackfill = batch.backfill !== null
  const noun = isBackfill ? 'backfill' : 'batch'
  const mayCancel = !isBackfill || isUnderWay(batch)
  const rests = batch.bulk !== null || (isBackfill && isUnderWay(batch))
  const refresh = [
    [namespace, 'batch'],
    [namespace, 'batches'],
  ]
  const isPaused = batch.state === 'paused'
  const words = wordsOf(batch)
  const pause = useAction({
    label: `Pause ${batch.name}`,
    call: (_: null, callKey) => pauseBatch(namespace, batch.id, callKey),
    done: words.paused,
    refresh,
  })
  const resume = useAction({
    label: `Resume ${batch.name}`,
    call: (_: null, callKey) => resumeBatch(namespace, batch.id, callKey),
    done: 'it goes on',
    refresh,
  })
  const seal = useAction({
    label: `Seal ${batch.name}`,
    call: (_: null, callKey) => sealBatch(namespace, batch.id, callKey),
    done: 'it takes no more jobs',
    refresh,
  })
  const cancel = useAction({
    label: `Cancel ${batch.name}`,
    call: (why: string, callKey) => cancelBatch(namespace, batch.id, callKey, why),
    done: words.cancelled,
    refresh,
    onDone: () => setAsking(false),
  })
  useCommand({ label: 'Cancel this batch', group: 'This page', keys: 'c', run: () => setAsking(true) }, mayCancel)
  useCommand({ label: 'Pause this operation', group: 'This page', keys: 'p', run: () => pause.run(null) }, rests && !isPaused)
  useCommand({ label: 'Resume this operation', group: 'This page', keys: 'r', run: () => resume.run(null) }, rests && isPaused)
  const problem = pause.problem ?? resume.problem ?? seal.problem
  return (
    <>
      {problem && <ProblemText problem={problem} />}
      {rests && (
        <>
          {isPaused ? (
            <Button icon="play" kind="main" keys="r" pending={resume.pending} onClick={() => resume.run(null)}>
              Resume
            </Button>
          ) : (
            <Button icon="pause" keys="p" pending={pause.pending} onClick={() => pause.run(null)}>
              Pause
            </Button>
          )}
          <AsCommand text={commandText(namespace, noun, isPaused ? 'resume' : 'pause', short)} />
        </>
      )}
      {!isBackfill && batch.jobs?.sealed === false && (
        <>
          <Button icon="check" pending={seal.pending} onClick={() => seal.run(null)}>
            Take no more jobs
          </Button>
          <AsCommand text={commandText(namespace, 'batch', 'seal', short)} />
        </>
      )}
      {mayCancel && (
        <>
          <Button icon="stop" keys="c" onClick={() => setAsking(true)}>
            Cancel
          </Button>
          <AsCommand text={commandText(namespace, noun, 'cancel', short)} />
        </>
      )}
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={`Cancel ${batch.name}?`}
        description={words.cancel}
        verb={`Cancel the ${noun}`}
        danger
        asksWhy
        action={cancel}
        input={why => why}
        command={commandText(namespace, noun, 'cancel', short)}
      />
    </>
  )
}

/** What its verbs do. */
function wordsOf({ bulk, backfill, jobs }: Batch): { paused: string; cancelled: string; cancel: string } {
  if (backfill !== null)
    return {
      paused: 'it starts nothing further for now; its runs go on',
      cancelled: 'it starts nothing further; its runs go on',
      cancel: `It starts nothing further. ${jobs?.open === 0 ? 'None of its runs is open.' : `Its ${counted(jobs?.open ?? 0, 'open run')} go on.`}`,
    }
  return {
    paused: 'it rests after the page under way',
    cancelled: bulk === null ? 'its open jobs are asked to stop' : 'it ends after the page under way',
    cancel:
      bulk === null
        ? `Its ${jobs?.open ?? 0} open jobs are asked to stop; those that run may clean up first.`
        : 'It ends after the page under way. What it has done already stays done.',
  }
}
