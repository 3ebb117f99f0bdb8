import { type Static, Type } from 'typebox'
import { KEY_LENGTH_MAX, LIMIT_MAX } from '../core/bounds.ts'
import { Percentiles, SetBy } from './answers.ts'
import { Path } from './definition-schemas.ts'
import { closed, count, Duration, Name, Payload } from './schemas.ts'

/** What clients send of limits, and what they are answered. */

const Target = Type.Union(
  [
    Type.Literal('pool'),
    Type.Literal('namespace'),
    closed({ queue: Name }, { title: 'OnQueue' }),
    closed({ definition: Name }, { title: 'OnDefinition' }),
  ],
  { description: 'what it is on: "pool", "namespace", { queue: "images" } or { definition: "resize" }' },
)
/** 0 stops all. */
const size = count(0, LIMIT_MAX)
const set = {
  on: Type.Optional(Target),
  per: Type.Optional(Path),
  concurrency: Type.Optional(size),
  rate: Type.Optional(size),
  every: Type.Optional(Duration),
}
export const LimitSet = closed(set, { title: 'LimitSet', description: 'concurrency, or rate with every; 0 lets nothing pass' })
export const LimitSettings = closed({ name: Name, ...set }, { title: 'LimitSettings' })
/** A value of an input, so almost any text; '' is that of inputs without one. */
const SequenceKey = Type.String({ maxLength: KEY_LENGTH_MAX, description: `a text of at most ${KEY_LENGTH_MAX} characters` })
export const SequenceResume = closed({ key: SequenceKey }, { title: 'SequenceResume' })

export type LimitSetBody = Static<typeof LimitSet>
export type LimitSettingsBody = Static<typeof LimitSettings>

const orNull = <S extends Parameters<typeof Type.Optional>[0]>(schema: S) => Type.Union([schema, Type.Null()])
const Time = Type.String({ format: 'date-time' })
const inForce = { concurrency: Type.Optional(Type.Integer()), rate: Type.Optional(Type.Integer()), every: Type.Optional(Type.Number()) }
const rule = {
  name: Type.String(),
  on: Target,
  per: orNull(Type.String()),
  ...inForce,
  from: Type.Enum(['code', 'operator']),
  declared: orNull(Type.Object(inForce, { description: 'what the code says, where an operator has changed it' })),
  set: orNull({ ...SetBy, description: "who has set it and when; null: it is the code's" }),
}
const limit = {
  ...rule,
  used: Type.Number({ description: 'units held now, or tokens of the window that are spent; over all keys' }),
  keys: Type.Integer({ description: 'keys that are in use or waited for' }),
  waiting: Type.Integer({ description: 'groups of ready runs that wait for it' }),
}
export const Limit = Type.Object(limit, { title: 'Limit' })
export const Limits = Type.Object({ limits: Type.Array(Limit) }, { title: 'Limits' })
export const LimitDetail = Type.Object(
  {
    ...limit,
    byKey: Type.Array(
      Type.Object({
        key: Type.String(),
        used: Type.Number(),
        holders: Type.Array(Type.Object({ run: Type.String(), weight: Type.Number(), since: Time })),
        waiting: Type.Integer(),
        nextAt: orNull({ ...Time, description: 'of a rate: when its next token comes; null: there is one now' }),
      }),
      { description: 'the fullest first, 100 at most' },
    ),
  },
  { title: 'LimitDetail' },
)

export const MeetLimits = closed(
  { input: Type.Optional(Payload), queue: Type.Optional(Name), schedule: Type.Optional(Name) },
  {
    title: 'MeetLimits',
    description: 'the input of a run, the queue if not that of its definition, and the schedule that is left out of those that start like it',
  },
)
export type MeetLimitsBody = Static<typeof MeetLimits>
export const LimitsMet = Type.Object(
  {
    limits: Type.Array(
      Type.Object({
        ...rule,
        key: orNull(Type.String({ description: 'the value of the input that it counts for; null: it is one for all' })),
        varies: Type.Boolean({ description: 'that value says the time that the run is for, so that each run has another' }),
        weight: Type.Integer({ description: 'what the run takes of it' }),
        schedules: Type.Array(Type.Object({ schedule: Type.String(), definition: Type.String(), weight: Type.Integer() }), {
          description: 'others, not paused, whose runs count for the same value of it',
        }),
        maybe: Type.Integer({ description: 'others of which that is not known, since their value varies' }),
      }),
    ),
    usual: Type.Record(Type.String(), Percentiles, {
      description: 'by definition, how long its newest runs took; of the one that is asked for, and of 9 more at most',
    }),
    complete: Type.Boolean({ description: 'false: there are more than the 1,000 schedules that were looked at' }),
  },
  { title: 'LimitsMet' },
)
