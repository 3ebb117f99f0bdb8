import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { CronError, type CronOptions, type Dialect, type Fold, type Gap, parseCron } from './cron.ts'
import { RULES } from './dialects.ts'

/** Rows of testdata/facts.jsonl, whose first line tells the source. Times are packed: see `times`. */
type CaseRow = [
  kind: 'case',
  id: string,
  table: string,
  expression: string,
  zone: string,
  from: string,
  days: 'or' | 'and' | null,
  policies: string[] | null,
  expected: string,
]
type ChangeRow = [
  kind: 'dst',
  id: string,
  expression: string,
  zone: string,
  from: string,
  until: string,
  vixie: string | null,
  outcomes: [times: string, by: string][],
]
type InvalidRow = [kind: 'invalid', id: string, table: string, expression: string, agreement: string, ours: string]
type NeverRow = [kind: 'never', id: string, table: string, expression: string, zone: string, from: string, why: string, expected: string | null]
type Row = CaseRow | ChangeRow | InvalidRow | NeverRow

const ROWS: Row[] = readFileSync(new URL('./testdata/facts.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map(line => JSON.parse(line))

/** Tables of expressions that several systems share are the unix dialect's. */
const DIALECTS: Record<string, Dialect> = {
  unix5: 'unix',
  ext5: 'unix',
  seconds6: 'unix',
  year7: 'unix',
  macro: 'unix',
  quartz: 'quartz',
  spring: 'spring',
  celery: 'celery',
  apscheduler: 'apscheduler',
}

/** Rows whose answer is not ours, each with its reason. */
const DIFFERENT: Record<string, string> = { 'never-052': '`LW` in February fires on its last weekday; those who answered "never" do not know LW' }

/**
 * What a system's default does not copy: answers in which it breaks its own rule, where the clock is set by 30 minutes or 2 hours, or at midnight.
 * Its other rows all agree.
 */
const DEFECTS: Partial<Record<Dialect, readonly string[]>> = {
  robfig: ['dst-0121', 'dst-0131', 'dst-0150', 'dst-0166'],
  spring: ['dst-0114', 'dst-0120', 'dst-0453', 'dst-0481', 'dst-0484'],
  quartz: ['dst-0436', 'dst-0476'],
  apscheduler: ['dst-0140', 'dst-0298', 'dst-0300', 'dst-0453', 'dst-0481', 'dst-0484'],
}

const cases = rowsOf<CaseRow>('case').map(([, id, table, expression, timezone, from, days, policies, expected]) => ({
  id,
  table,
  expression,
  timezone,
  from,
  days,
  policies,
  expected: times(expected),
}))
const changes = rowsOf<ChangeRow>('dst').map(([, id, expression, timezone, from, until, vixie, outcomes]) => ({
  id,
  expression,
  timezone,
  from,
  until,
  vixie,
  outcomes,
}))
const invalid = rowsOf<InvalidRow>('invalid').map(([, id, table, expression, agreement, ours]) => ({
  id,
  dialect: DIALECTS[table]!,
  expression,
  agreement,
  ours,
}))
const nevers = rowsOf<NeverRow>('never').map(([, id, table, expression, timezone, from, kind, expected]) => ({
  id,
  dialect: DIALECTS[table]!,
  expression,
  timezone,
  from,
  kind,
  expected,
}))

test.each(cases)('$id $expression fires when the originals do', ({ table, expression, timezone, from, days, policies, expected }) => {
  for (const policy of policiesOf(policies)) {
    const options: CronOptions = { dialect: DIALECTS[table]!, timezone, ...(days && { days }), ...policy }
    expect(show(fires(expression, options, from, null, 5)), JSON.stringify(options)).toEqual(show(expected))
  }
})

test.each(changes.filter(({ vixie }) => vixie !== null))(
  '$id $expression in $timezone goes through a change of the clock as cron(8) says',
  ({ expression, timezone, from, until, vixie }) => {
    expect(show(fires(expression, { timezone }, from, until))).toEqual(show(times(vixie!)))
  },
)

test.each(['robfig', 'spring', 'quartz', 'croniter', 'celery', 'apscheduler'] as const)(
  'the %s dialect goes through changes of the clock as the original does',
  system => {
    const { gap, fold } = RULES[system]
    const different: string[] = []
    for (const { id, expression, timezone, from, until, outcomes } of changes) {
      const outcome = outcomes.find(([, by]) => by.split(' ').includes(system))
      if (outcome === undefined) continue
      const found = fires(expression, { timezone, gap, fold }, from, until)
      if (show(found).join() !== show(times(outcome[0])).join()) different.push(id)
    }
    expect(different).toEqual(DEFECTS[system] ?? [])
  },
)

test.each(invalid.filter(({ agreement }) => agreement === 'all'))('$id $expression is refused by us as by all', ({ dialect, expression }) => {
  expect(verdict(expression, dialect)).toBe('refused')
})

test.each(invalid.filter(({ agreement }) => agreement !== 'all'))(
  '$id $expression, which not all refuse ($agreement), is $ours',
  ({ dialect, expression, ours }) => {
    expect(verdict(expression, dialect)).toBe(ours)
  },
)

test.each(nevers)('$id $expression: $kind', ({ dialect, expression, timezone, from, expected, kind }) => {
  const found = fires(expression, { dialect, timezone }, from, null, 2)
  if (kind.startsWith('never')) expect(found).toEqual([])
  else expect(show(found)).toEqual(show(times(expected!)))
})

function rowsOf<Kind extends Row>(kind: Kind[0]): Kind[] {
  return ROWS.filter(row => row[0] === kind && !Object.hasOwn(DIFFERENT, row[1])) as Kind[]
}

/** The table names every policy that gives its times. Its `single` is not one of ours: it stands wherever `skip+both` does. */
function policiesOf(names: string[] | null): { gap?: Gap; fold?: Fold }[] {
  if (names === null) return [{}]
  return names
    .filter(name => name !== 'single')
    .map(name => (name === 'vixie' ? { gap: 'vixie', fold: 'vixie' } : { gap: name.split('+')[0] as Gap, fold: name.split('+')[1] as Fold }))
}

/** The times after `from`, up to `until` or so many. None for an expression that is refused because it never fires. */
function fires(expression: string, options: CronOptions, from: string, until: string | null, most = Number.POSITIVE_INFINITY): number[] {
  const found: number[] = []
  try {
    const cron = parseCron(expression, options)
    for (let at = cron.next(Date.parse(from)); at !== null && found.length < most; at = cron.next(at)) {
      if (until !== null && at > Date.parse(until)) break
      found.push(at)
    }
  } catch (error) {
    if (!(error instanceof CronError && error.code === 'schedule-never-fires')) throw error
  }
  return found
}

function verdict(expression: string, dialect: Dialect): 'refused' | 'accepted' {
  try {
    parseCron(expression, { dialect })
    return 'accepted'
  } catch (error) {
    expect(error).toBeInstanceOf(CronError)
    return 'refused'
  }
}

/** `2026-01-01T00:00:00Z +60 +60`: a time, then seconds to the next. */
function times(packed: string): number[] {
  const instants: number[] = []
  for (const word of packed.split(' ').filter(Boolean))
    instants.push(word.startsWith('+') ? instants.at(-1)! + Number(word) * 1_000 : Date.parse(word))
  return instants
}

function show(instants: readonly number[]): string[] {
  return instants.map(instant => new Date(instant).toISOString())
}
