import { RequestRefused, type WireApplied, type WireChange } from '@mainspring/sdk'
import { Refusal } from '../../server/refusal.ts'
import { listFlag, textFlag, wordArgument } from '../arguments.ts'
import { problemText } from '../output/problem.ts'
import { type Flags, printError, type Session } from '../session.ts'
import type { ExitCode } from '../terminal.ts'
import { changesText } from './changes.ts'
import { FORMATS, readSources } from './files.ts'
import { type Item, type Kind, NOUNS, type Remark } from './item.ts'
import { bodyOf, lowerFirst, type Manifest, readManifest, refusalOfProblem } from './manifest.ts'

/** `mainspring apply -f FILE...`: reads and checks all files here, has the server check all of it, and changes what differs; or nothing at all. */
export async function applyFiles(session: Session, given: readonly string[], flags: Flags): Promise<ExitCode | undefined> {
  const { terminal } = session
  try {
    const manifest = readFiles(session, given, flags)
    const body = bodyOf(manifest, { dryRun: flags.dryRun === true, prune: flags.prune === true })
    const answer = await refusedInPlace(manifest, session.client.call<WireApplied>('apply', {}, body, { callKey: session.client.newId() }))
    show(session, manifest, answer)
    return undefined
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const exit = printError(terminal, error, session.json)
    if (!session.json) terminal.error('Nothing was changed.')
    return exit
  }
}

function readFiles(session: Session, given: readonly string[], flags: Flags): Manifest {
  const files = [...given, ...listFlag(flags.file)]
  if (files.length === 0)
    throw new Refusal({
      code: 'usage',
      title: 'No file is named.',
      hint: 'Name one, a folder, or - for standard input: mainspring apply -f schedules.yaml',
    })
  const format = textFlag(flags.format)
  const form = textFlag(flags.form)
  const sources = readSources(files, session.terminal.directory, format === undefined ? undefined : wordArgument(format, '--format', FORMATS))
  return readManifest(sources, {
    form: form === undefined ? undefined : wordArgument(form, '--form', ['user', 'system'] as const),
    timezone: textFlag(flags.timezone),
  })
}

/** The refusal of something in the files names its line; any other is as it was. */
async function refusedInPlace<Answer>(manifest: Manifest, call: Promise<Answer>): Promise<Answer> {
  try {
    return await call
  } catch (error) {
    if (error instanceof RequestRefused && error.status >= 400 && error.status < 500 && error.at?.startsWith('/'))
      throw new Refusal(refusalOfProblem(error.problem, manifest))
    throw error
  }
}

function show(session: Session, manifest: Manifest, answer: WireApplied): void {
  const items = new Map(Object.values(manifest.items).flatMap(list => list.map(item => [`${NOUNS[item.kind as Kind]}\n${item.name}`, item])))
  const itemOf = ({ kind, name }: WireChange): Item | undefined => items.get(`${kind}\n${name}`)
  const remarks = [...manifest.remarks, ...answer.changes.flatMap(change => remarksOf(change, itemOf(change)))]
  session.show({ ...answer, warnings: remarks }, () => changesText(answer, itemOf, session.look.paint))
  if (session.json) return
  for (const text of remarkTexts(remarks)) session.terminal.error(text)
}

/** A long crontab may have the same to be said of each of its lines. */
function remarkTexts(remarks: readonly Remark[]): string[] {
  return [...Map.groupBy(remarks, ({ code }) => code)].flatMap(([kind, alike]) => [
    ...alike
      .slice(0, ALIKE_MAX)
      .map(({ place, code, message, hint }) => problemText({ place, code, title: `warning: ${message}`, ...(hint && { hint }) })),
    ...(alike.length > ALIKE_MAX ? [`and ${(alike.length - ALIKE_MAX).toLocaleString('en-US')} more of these  [${kind}]`] : []),
  ])
}
const ALIKE_MAX = 3

/** What surprises people, where something changes: who applies a file again has read it before. */
function remarksOf({ kind, change, name, warnings }: WireChange, item: Item | undefined): Remark[] {
  if (change === 'unchanged' || !item) return []
  return warnings.map(({ code, message, hint }) => ({
    place: item.placeOf(code === 'target-unknown' ? '/target' : (PLACES.find(place => item.value[place.slice(1)] !== undefined) ?? '')),
    code,
    message: `${kind} ${JSON.stringify(name)}: ${lowerFirst(message)}`,
    ...(hint && { hint }),
  }))
}
const PLACES = ['/on', '/per', '/cron', '/every', '/at', '/solar']
