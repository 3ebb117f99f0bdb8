/** Whose rules an expression follows. docs/cron.md has this table in words; facts.test.ts holds it against what the originals answered. */
export type Dialect = 'unix' | 'vixie' | 'kubernetes' | 'robfig' | 'quartz' | 'spring' | 'croniter' | 'apscheduler' | 'celery' | 'aws'

export type FieldName = 'second' | 'minute' | 'hour' | 'dayOfMonth' | 'month' | 'dayOfWeek' | 'year' | 'week'
export type Gap = 'skip' | 'shift' | 'shift-once' | 'edge' | 'vixie'
export type Fold = 'first' | 'second' | 'both' | 'vixie'

export interface Rules {
  /** Fields of a text by their count. Those that are not named are second 0, any year, any week. */
  readonly layouts: readonly (readonly FieldName[])[]
  /** Bounds of a number in the field of weekdays, where `*` begins and ends, and the number of Sunday; 7 may be Sunday too. */
  readonly weekday: { readonly min: number; readonly max: number; readonly anyMin: number; readonly anyMax: number; readonly sunday: number }
  readonly years: readonly [number, number]
  /** `MONDAY` besides `MON`. */
  readonly fullNames: boolean
  /** Where `?` stands for `*`. */
  readonly question: 'nowhere' | 'days' | 'everywhere'
  /** One of the two day fields must be `?`. */
  readonly oneDayField: boolean
  /** `22-4` goes over the end; else it is refused. */
  readonly wraps: boolean
  /** `5/15` is from 5 to the end in steps of 15; else it is refused. */
  readonly openSteps: boolean
  /** The longest step: how many values the field holds, its last value (Quartz), the length of the range (APScheduler), or any. */
  readonly stepMax: 'size' | 'last' | 'range' | 'any'
  /** Of day of month: L is `L`, L-n is `L-3`, W is `15W` and `LW`. Of day of week: # is `5#2`, nL is `5L`, Ln is `L5`, `weekL` is `L` alone (Saturday). */
  readonly specials: readonly ('L' | 'L-n' | 'W' | '#' | 'nL' | 'Ln' | 'weekL')[]
  readonly specialsInLists: boolean
  readonly macros: boolean
  /** `@every 1h30m`, and `CRON_TZ=Europe/Berlin` before the fields. */
  readonly every: boolean
  /** Both day fields restricted. `vixie`: or, but and if either begins with a star, a step included (cron(8), entry.c). */
  readonly days: 'or' | 'and' | 'vixie'
  readonly gap: Gap
  readonly fold: Fold
}

const CRONTAB = ['minute', 'hour', 'dayOfMonth', 'month', 'dayOfWeek'] as const
const SUNDAY_0_OR_7 = { min: 0, max: 7, anyMin: 0, anyMax: 6, sunday: 0 }
const SUNDAY_1 = { min: 1, max: 7, anyMin: 1, anyMax: 7, sunday: 1 }
const SUNDAY_0 = { min: 0, max: 6, anyMin: 0, anyMax: 6, sunday: 0 }

const UNIX: Rules = {
  layouts: [CRONTAB, ['second', ...CRONTAB], ['second', ...CRONTAB, 'year']],
  weekday: SUNDAY_0_OR_7,
  years: [1970, 2199],
  fullNames: true,
  question: 'days',
  oneDayField: false,
  wraps: true,
  openSteps: true,
  stepMax: 'size',
  specials: ['L', 'L-n', 'W', '#', 'nL'],
  specialsInLists: true,
  macros: true,
  every: false,
  days: 'vixie',
  gap: 'vixie',
  fold: 'vixie',
}

const ROBFIG: Rules = {
  ...UNIX,
  layouts: [CRONTAB, ['second', ...CRONTAB]],
  weekday: SUNDAY_0,
  fullNames: false,
  question: 'everywhere',
  wraps: false,
  stepMax: 'any',
  specials: [],
  every: true,
  days: 'or',
  gap: 'skip',
  fold: 'both',
}

const QUARTZ: Rules = {
  ...UNIX,
  layouts: [
    ['second', ...CRONTAB],
    ['second', ...CRONTAB, 'year'],
  ],
  weekday: SUNDAY_1,
  years: [1970, 2099],
  fullNames: false,
  oneDayField: true,
  stepMax: 'last',
  specials: ['L', 'L-n', 'W', '#', 'nL', 'weekL'],
  specialsInLists: false,
  macros: false,
  days: 'and',
  gap: 'skip',
  fold: 'second',
}

export const RULES: Readonly<Record<Dialect, Rules>> = {
  unix: UNIX,
  vixie: { ...UNIX, layouts: [CRONTAB], fullNames: false, question: 'nowhere', wraps: false, openSteps: false, stepMax: 'any', specials: [] },
  robfig: ROBFIG,
  kubernetes: { ...ROBFIG, layouts: [CRONTAB] },
  quartz: QUARTZ,
  spring: {
    ...UNIX,
    layouts: [['second', ...CRONTAB]],
    weekday: { min: 0, max: 7, anyMin: 1, anyMax: 7, sunday: 0 },
    fullNames: false,
    wraps: false,
    stepMax: 'any',
    days: 'and',
    gap: 'skip',
    fold: 'both',
  },
  croniter: {
    ...UNIX,
    layouts: [CRONTAB, [...CRONTAB, 'second'], [...CRONTAB, 'second', 'year']],
    years: [1970, 2099],
    fullNames: false,
    question: 'days',
    specials: ['L', '#', 'nL', 'Ln'],
    days: 'or',
    gap: 'edge',
    fold: 'both',
  },
  apscheduler: {
    ...UNIX,
    layouts: [CRONTAB],
    weekday: { min: 0, max: 6, anyMin: 0, anyMax: 6, sunday: 6 },
    years: [1970, 9999],
    fullNames: false,
    question: 'nowhere',
    wraps: false,
    stepMax: 'range',
    specials: [],
    macros: false,
    days: 'and',
    gap: 'shift-once',
    fold: 'both',
  },
  celery: {
    ...UNIX,
    layouts: [CRONTAB],
    weekday: SUNDAY_0,
    question: 'nowhere',
    openSteps: false,
    stepMax: 'any',
    specials: [],
    macros: false,
    days: 'and',
    gap: 'shift-once',
    fold: 'first',
  },
  aws: {
    ...QUARTZ,
    layouts: [[...CRONTAB, 'year']],
    years: [1970, 2199],
    specials: ['L', 'W', '#', 'nL', 'weekL'],
    wraps: false,
    gap: 'skip',
    fold: 'first',
  },
}
