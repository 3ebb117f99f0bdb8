import { type Static, type TSchema, Type } from 'typebox'
import {
  DEFINITIONS_PER_CALL_MAX,
  LIMIT_MAX,
  LIMITS_PER_DEFINITION_MAX,
  NAME_LENGTH_MAX,
  TAG_LENGTH_MAX,
  TAGS_MAX,
  TASKS_PER_CALL_MAX,
  WEIGHTS_MAX,
} from '../core/bounds.ts'
import { Dag } from './dag-schemas.ts'
import { Address, Notify, Secret } from './notifications.ts'
import { closed, count, Duration, list, Name, number, Payload, shared } from './schemas.ts'

/** Definitions: their options that order, slow and gather, beside those that they share with starts. */

const STEP = '[^\\p{Cc}\\p{Cs}.]'
export const Path = Type.String({
  pattern: `^(?=[^\\p{Cc}\\p{Cs}]{1,${NAME_LENGTH_MAX}}$)${STEP}+(?:\\.${STEP}+)*$`,
  description: 'a path into the input, such as "user" or "order.customer"',
})
/** Numbers by name. */
const numbers = (value: TSchema, most: number, what: string) =>
  Type.Record(Type.String({ pattern: `^(?!__proto__$)[^\\p{Cc}\\p{Cs}]{1,${TAG_LENGTH_MAX}}$` }), value as ReturnType<typeof number>, {
    additionalProperties: false,
    maxProperties: most,
    description: `at most ${most} ${what}, each with a name of 1 to ${TAG_LENGTH_MAX} characters`,
  })
const described = <S extends TSchema>(schema: S, description: string): S => ({ ...schema, description })
const size = count(1, LIMIT_MAX)

const LimitRule = closed(
  {
    name: Type.Optional(
      described(Name, 'what the limit is called, and what makes it one for all definitions that name it; default: after the definition'),
    ),
    per: Type.Optional(Path),
    weight: Type.Optional(size),
    concurrency: Type.Optional(size),
    rate: Type.Optional(size),
    every: Type.Optional(Duration),
    pool: Type.Optional(Name),
  },
  {
    title: 'LimitRule',
    description:
      'one of concurrency (so many at once), rate (so many in any window of every) and pool; per: each value at this path of the input by itself',
  },
)
const Fair = Type.Union([Path, closed({ per: Path, weights: Type.Optional(numbers(number(0.001, 1_000), WEIGHTS_MAX, 'weights')) })], {
  description: 'the path of the input whose values take turns, or { per, weights }',
})
const Sequence = Type.Union([Path, closed({ per: Path, onFailure: Type.Optional(Type.Enum(['stop', 'skip'])) })], {
  description: 'the path of the input whose values are worked on one run at a time, or { per, onFailure: "stop" or "skip" }',
})
const Cost = Type.Union([size, numbers(number(0, LIMIT_MAX), TAGS_MAX, 'kinds of units')], {
  description: `slots of a worker, 1 to ${LIMIT_MAX}, or units by name such as { cpu: 2 }`,
})
const Debounce = Type.Union(
  [Type.Number(), Type.String({ maxLength: 100 }), closed({ per: Type.Optional(Path), for: Duration, maximum: Type.Optional(Duration) })],
  { description: 'starts within this time of one another become one run: a duration, or { per, for, maximum }' },
)
const OnFailure = Type.Union(
  [
    Name,
    closed({
      url: Address,
      secret: Type.Optional(Secret),
    }),
  ],
  { description: 'what is told of failed, parked and recovered runs: the name of a definition, or { url, secret }' },
)

const rules = {
  limits: Type.Optional({
    ...list(LimitRule, LIMITS_PER_DEFINITION_MAX),
    description: `at most ${LIMITS_PER_DEFINITION_MAX} limits, all of which a run needs`,
  }),
  fair: Type.Optional(Fair),
  sequence: Type.Optional(Sequence),
  cost: Type.Optional(Cost),
  batch: Type.Optional(
    closed(
      { size: count(1, TASKS_PER_CALL_MAX), within: Duration },
      { description: 'up to size inputs are handed over together, fewer after within' },
    ),
  ),
  debounce: Type.Optional(Debounce),
  throttle: Type.Optional(closed({ per: Type.Optional(Path), every: Duration }, { description: 'one start in each every makes a run' })),
  onFailure: Type.Optional(OnFailure),
  notify: Type.Optional(Notify),
}
const versioning = Type.Optional(
  Type.Enum(['auto', 'pinned'], {
    description: 'of a workflow: any version of its code that fits may go on with a run, or only the one that began it',
  }),
)
export const DefinitionOptions = closed({ ...shared, ...rules, versioning }, { title: 'DefinitionOptions' })
export const Definition = closed(
  {
    kind: Type.Enum(['job', 'workflow', 'dag']),
    name: Name,
    version: Name,
    options: DefinitionOptions,
    schema: Type.Optional(Payload),
    dag: Type.Optional(Dag),
  },
  { title: 'Definition' },
)
export const Register = closed({ definitions: list(Definition, DEFINITIONS_PER_CALL_MAX) }, { title: 'Register' })

const Rules = closed(rules)
export type RulesBody = Static<typeof Rules>
export type LimitRuleBody = Static<typeof LimitRule>
export type DefinitionOptionsBody = Static<typeof DefinitionOptions>
