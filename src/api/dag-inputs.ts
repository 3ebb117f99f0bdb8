import { createHash } from 'node:crypto'
import type { Static } from 'typebox'
import { UserError } from '../core/errors.ts'
import { checkDag, type DagSpec, type DefinitionSpec } from '../engine/face.ts'
import { foundText } from './check.ts'
import type { DagBody, NamedDagBody } from './dag-schemas.ts'
import type { Definition } from './definition-schemas.ts'
import { definitionOptionsOf, optionsOf, payloadOf } from './inputs.ts'
import { inOrder } from './schedule-inputs.ts'

/** A definition of a worker; a DAG's is data, whoever registers it. */
export function definitionOf(
  { kind, name, version, dag, ...body }: Static<typeof Definition>,
  payloads: readonly string[],
  at: string,
): DefinitionSpec {
  if ((kind === 'dag') !== (dag !== undefined))
    throw new UserError('invalid-option', {
      at: `${at}/dag`,
      hint: kind === 'dag' ? 'a DAG says which tasks it has' : `a ${kind} has no tasks of its own`,
    })
  const options = definitionOptionsOf(body.options, `${at}/options`, null)
  if (options.versioning !== undefined && kind !== 'workflow')
    throw new UserError('invalid-option', { at: `${at}/options/versioning`, hint: `a ${kind} is not pinned: any version of its code runs it` })
  const schema = schemaOf(body.schema, payloads, `${at}/schema`)
  return { kind, name, version, options, schema, ...(dag !== undefined && { dag: dagOf(name, dag, `${at}/dag`) }) }
}

/** The canonical form: durations are read, members in order, so that what says the same is the same. @throws UserError `invalid-dag` */
export function dagOf(name: string, { description, maxActiveTasks, defaults, tasks, groups, output }: DagBody, at: string): DagSpec {
  const read = Object.entries(tasks).map(([id, { options, ...task }]) => {
    const own = options === undefined ? {} : { options: optionsOf(options, `${at}/tasks/${id}/options`) }
    return [id, { ...task, ...own }] as const
  })
  const spec = inOrder({
    ...(description !== undefined && { description }),
    ...(maxActiveTasks !== undefined && { maxActiveTasks }),
    ...(defaults !== undefined && { defaults: optionsOf(defaults, `${at}/defaults`) }),
    tasks: Object.fromEntries(read),
    ...(groups !== undefined && { groups }),
    ...(output !== undefined && { output }),
  }) as DagSpec
  checkDag(name, spec, at)
  return spec
}

/** Of a file: its version is what it says. */
export function namedDagOf({ name, schema, options = {}, ...dag }: NamedDagBody, payloads: readonly string[], at: string): DefinitionSpec {
  const spec = dagOf(name, dag, at)
  const own = optionsOf(options, `${at}/options`)
  const text = schemaOf(schema, payloads, `${at}/schema`)
  const content = JSON.stringify(inOrder({ kind: 'dag', name, options: own, schema: text === null ? null : JSON.parse(text), dag: spec }))
  return { kind: 'dag', name, version: createHash('sha256').update(content).digest('hex'), options: own, schema: text, dag: spec }
}

function schemaOf(schema: unknown, payloads: readonly string[], at: string): string | null {
  const text = schema === undefined ? null : payloadOf(schema, payloads)
  if (text !== null && !/^\s*(?:\{|true\b|false\b)/.test(text))
    throw new UserError('invalid-input', { at, found: foundText(text), hint: 'a JSON Schema is an object, or true or false' })
  return text
}
