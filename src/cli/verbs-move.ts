import type { Command } from 'commander'
import { keepHeapSmall } from '../server/heap.ts'
import type { Moved, Progress } from '../server/move.ts'
import { Refusal } from '../server/refusal.ts'
import { withoutPassword } from '../server/stores.ts'
import { textFlag } from './arguments.ts'
import { table } from './output/table.ts'
import { countText, spanText } from './output/words.ts'
import { acting, type Flags, type Session } from './session.ts'
import { stopRequests } from './signals.ts'
import { EXIT, type ExitCode, type Terminal } from './terminal.ts'

/** From a SQLite file to PostgreSQL. */
export function addMoveVerb(program: Command, terminal: Terminal): void {
  const move = program
    .command('move')
    .description('move all that a stopped server has from SQLite to PostgreSQL')
    .option('--from <file>', 'the SQLite database; its server is stopped')
    .option('--to <url>', 'a PostgreSQL database, postgres://…; ?schema= names the schema')
    .option('--undo', 'let the SQLite database be used again, as it was')
    .option('--json', 'print data instead of text')
  acting(move, terminal, 'mainspring move --from mainspring.db --to postgres://app@db.example.org/app', async (session, _, flags) =>
    flags.undo === true ? undoMove(session, flags) : runMove(session, flags),
  )
}

async function runMove(session: Session, flags: Flags): Promise<ExitCode | undefined> {
  const { terminal } = session
  const [from, to] = [needed(flags, 'from'), needed(flags, 'to')]
  keepHeapSmall()
  const { moveStore, MoveInterrupted } = await import('../server/move.ts')
  const since = terminal.now()
  const interrupted = new AbortController()
  const stop = stopRequests()
  void stop.requested.then(() => interrupted.abort())
  try {
    const { tables, resumed } = await moveStore({
      from,
      to,
      directory: terminal.directory,
      progress: session.json ? () => {} : progressLines(terminal),
      signal: interrupted.signal,
    })
    const tookMs = terminal.now() - since
    const target = withoutPassword(to)
    session.show({ from, to: target, tables, resumed, tookMs }, () => movedText({ from, to: target, tables, tookMs }))
    return undefined
  } catch (error) {
    if (!(error instanceof MoveInterrupted)) throw error
    terminal.error(
      `interrupted after ${spanText(terminal.now() - since)}. Go on with the same command; or give it up: mainspring move --undo --from ${from}`,
    )
    return EXIT.failed
  }
}

async function undoMove(session: Session, flags: Flags): Promise<undefined> {
  const from = needed(flags, 'from')
  const { undoMove } = await import('../server/move.ts')
  const { target } = await undoMove(from, session.terminal.directory)
  session.show(
    { from, undone: true, target },
    () => `${from} may be used again, as it was. What it left in ${target} stays there: start no server on that one, and drop its schema.`,
  )
  return undefined
}

const LINE_MS = 2_000

/** A line for each table, and one every while. */
function progressLines(terminal: Terminal): (told: Progress) => void {
  let shown = ''
  let at = 0
  return ({ doing, table, rows, of }) => {
    const what = `${doing} ${table}`
    const now = terminal.now()
    if (of === 0 || (what === shown && now - at < LINE_MS)) return
    terminal.error(rows === 0 ? `${what}: ${countText(of, 'row')}` : `${what}: ${rows.toLocaleString('en-US')} of ${countText(of, 'row')}`)
    shown = what
    at = now
  }
}

function needed(flags: Flags, name: 'from' | 'to'): string {
  const value = textFlag(flags[name])
  if (value !== undefined) return value
  throw new Refusal({
    code: 'usage',
    place: `--${name}`,
    title: name === 'from' ? 'Which database?' : 'Where to?',
    hint: 'See: mainspring move --help',
  })
}

/** `mainspring move`. */
function movedText({ from, to, tables, tookMs }: { from: string; to: string; tables: Moved['tables']; tookMs: number }): string {
  const rows = Object.entries(tables)
  const sum = rows.reduce((sum, [, { rows }]) => sum + rows, 0)
  const list = table(
    [
      { title: 'table', value: ([name]) => name },
      { title: 'rows', value: ([, { rows }]) => rows.toLocaleString('en-US'), right: true },
      { title: 'sha-256', value: ([, { sha256 }]) => sha256.slice(0, 16) },
    ],
    rows,
  )
  return `${list}

${from} is moved: ${countText(sum, 'row')} in ${spanText(tookMs)}, each read back and compared. It starts no server any more; undo: mainspring move --undo --from ${from}
Go on with: mainspring server --database '${to}'`
}
