import type { BulkOperation, WireBatchView, WireBulkChange, WireBulkPreview, WireBulkStarted } from '@mainspring/sdk'
import type { Command } from 'commander'
import { shortId } from '../core/ids.ts'
import { isClosed } from '../core/run.ts'
import { Refusal } from '../server/refusal.ts'
import { collect, integerArgument, listFlag, textFlag } from './arguments.ts'
import { bulkText, previewText } from './output/batches.ts'
import type { Action, Flags, Session } from './session.ts'
import { EXIT, type ExitCode } from './terminal.ts'
import { WHERE_NAMES, whereFilter } from './where.ts'

/** Flags of a verb that can be done to many runs at once. */
export function withWhere(command: Command): Command {
  return command
    .option('--where <conditions>', `all runs that match, instead of one: ${WHERE_NAMES.join(', ')} (repeatable)`, collect)
    .option('--dry-run', 'with --where: only say how many match, and show some')
    .option('--yes', 'with --where: do not ask')
}

/** One run by its id, or all that match. */
export function oneOrWhere(operation: BulkOperation, one: Action, change: (flags: Flags) => WireBulkChange | undefined = () => undefined): Action {
  return async (session, given, flags) => {
    if (flags.where !== undefined && given.length === 0) return bulk(session, operation, flags, change(flags))
    if (given.length > 0 && flags.where === undefined) return one(session, given, flags)
    throw new Refusal({
      code: 'usage',
      title: given.length === 0 ? 'Which run?' : 'Either one run, or all that match.',
      hint: `Name it by its id or the end of one, or say --where CONDITIONS. See: mainspring ${operation} --help`,
    })
  }
}

async function bulk(session: Session, operation: BulkOperation, flags: Flags, change: WireBulkChange | undefined): Promise<ExitCode> {
  const { client, terminal } = session
  const filter = whereFilter(listFlag(flags.where))
  const preview = await client.call<WireBulkPreview>('batches.preview', {}, { operation, filter })
  if (flags.dryRun || preview.matched === 0) {
    session.show(preview, () => previewText(operation, preview, session.look))
    return EXIT.done
  }
  if (!flags.yes) {
    if (terminal.ask === undefined)
      throw new Refusal({
        code: 'invalid-option',
        place: '--yes',
        title: `${preview.matched} runs match, and there is nobody to ask.`,
        hint: `Look first: --dry-run. Then add --yes.`,
      })
    const answer = await terminal.ask(
      `${previewText(operation, preview, session.look)}\n\n${operation} ${preview.matched === 1 ? 'it' : 'them'}? [y/N] `,
    )
    if (!/^y(es)?$/i.test(answer.trim())) {
      session.show({ matched: preview.matched, batch: null }, () => 'Nothing was changed.')
      return EXIT.done
    }
  }
  const why = textFlag(flags.why)
  const body = { operation, filter, ...(change && { change }), ...(why !== undefined && { why }) }
  const { batch } = await client.call<WireBulkStarted>('batches.bulk', {}, body, { callKey: client.newId() })
  const view = await ended(session, batch)
  session.show(view, () => bulkText(view))
  return view.state === 'completed' && view.bulk?.refused === 0 ? EXIT.done : EXIT.failed
}

/** Waits until the operation is closed or paused: it goes on by itself if this is interrupted. */
async function ended({ client, terminal }: Session, batch: string): Promise<WireBatchView> {
  let told = false
  for (;;) {
    const { state } = await client.call<{ state: WireBatchView['state'] }>('runs.get', { run: batch }, undefined, {
      query: { wait: '5s' },
      waitMs: 5_000,
    })
    const view = await client.call<WireBatchView>('batches.get', { batch })
    if (isClosed(state) || state === 'paused') return view
    if (!told) terminal.error(`still at work; it goes on without this command: mainspring batch show ${shortId(batch)}`)
    told = true
  }
}

/** What flags of `change` say for all that match. */
export function changeOfMany(flags: Flags): WireBulkChange {
  if (flags.input !== undefined)
    throw new Refusal({
      code: 'invalid-option',
      place: '--input',
      title: 'Another input is for one run.',
      hint: 'Name the run, or leave --input out.',
    })
  const [at, delay, priority, queue] = [flags.at, flags.delay, flags.priority, flags.queue].map(textFlag)
  return {
    ...(flags.now === true && { now: true }),
    ...(at !== undefined && { at }),
    ...(delay !== undefined && { delay }),
    ...(priority !== undefined && { priority: integerArgument(priority, '--priority', -100, 100) }),
    ...(queue !== undefined && { queue }),
  }
}
