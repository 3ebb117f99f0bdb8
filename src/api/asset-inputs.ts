import type { Static } from 'typebox'
import { NAME_LENGTH_MAX } from '../core/bounds.ts'
import { UserError } from '../core/errors.ts'
import { type AssetExpression, assetsIn, EXPRESSION_ASSETS_MAX, EXPRESSION_DEPTH_MAX, type PartitionSpec, partitionProblem } from '../engine/face.ts'
import type { AssetSet } from './assets.ts'
import { explainMismatch } from './check.ts'
import { Name } from './schemas.ts'

const HINT = 'a name, a list (all of them), { all: [...] } or { any: [...] }, one within the other'

/** What people write of assets to wait for, in one form: a list means all. @throws UserError `invalid-input` with the place */
export function expressionOf(value: unknown, at: string, depth = 0): AssetExpression {
  if (depth > EXPRESSION_DEPTH_MAX) throw new UserError('invalid-input', { at, hint: `at most ${EXPRESSION_DEPTH_MAX} within one another` })
  const expression = read(value, at, depth)
  if (depth === 0 && assetsIn(expression).length > EXPRESSION_ASSETS_MAX)
    throw new UserError('too-many-items', { at, found: assetsIn(expression).length, hint: `at most ${EXPRESSION_ASSETS_MAX} assets` })
  return expression
}

function read(value: unknown, at: string, depth: number): AssetExpression {
  if (typeof value === 'string') {
    if (value.length <= NAME_LENGTH_MAX && explainMismatch(Name, value) === null) return value
    throw new UserError('invalid-input', { at, found: value.slice(0, 100), hint: (Name as { description?: string }).description as string })
  }
  if (Array.isArray(value)) return listOf('all', value, at, depth)
  const [word, ...more] = typeof value === 'object' && value !== null ? Object.keys(value) : []
  if ((word === 'all' || word === 'any') && more.length === 0) return listOf(word, (value as Record<string, unknown>)[word], `${at}/${word}`, depth)
  throw new UserError('invalid-input', { at, ...(typeof value !== 'object' && { found: value }), hint: HINT })
}

function listOf(word: 'all' | 'any', list: unknown, at: string, depth: number): AssetExpression {
  if (!Array.isArray(list) || list.length === 0 || list.length > EXPRESSION_ASSETS_MAX)
    throw new UserError('invalid-input', { at, hint: `a list of 1 to ${EXPRESSION_ASSETS_MAX}` })
  const members = list.map((one, index) => expressionOf(one, `${at}/${index}`, depth + 1))
  return members.length === 1 ? (members[0] as AssetExpression) : word === 'all' ? { all: members } : { any: members }
}

/** @throws UserError `invalid-option` */
export function partitionSpecOf(body: NonNullable<Static<typeof AssetSet>['partitions']>): PartitionSpec {
  const spec: PartitionSpec = 'keys' in body ? { keys: body.keys } : { every: body.every, start: body.start, timezone: body.timezone ?? 'UTC' }
  const problem = partitionProblem(spec)
  if (problem !== null) throw new UserError('invalid-option', { at: `/partitions/${problem.field}`, found: problem.found, hint: problem.hint })
  return spec
}
