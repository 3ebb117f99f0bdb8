import { Errors, type XSchema } from 'typebox/schema'
import { UserError } from '../core/errors.ts'
import type { Payload } from '../core/run.ts'
import { type Engine, withDefaults } from '../engine/face.ts'
import { foundText } from './check.ts'

/**
 * The input of a run of a DAG against the schema of the DAG's newest version, defaults filled in. Inputs of jobs and workflows are checked by the SDK, which may read
 * more than a JSON Schema says. @throws UserError `invalid-input`, with its place
 */
export function checkInputOfDag(engine: Engine, namespace: string, definition: string, input: Payload | null, at: string): void {
  const schema = engine.definitions.inputSchema(namespace, definition)
  if (schema === null) return
  const filled = withDefaults(schema, input)
  checkFits(schema, filled, { at: `${at}/input`, of: definition, hint: `see \`mainspring definition ${definition}\` for what its input may be` })
}

/** @throws UserError `invalid-input`, with the place in the value that does not fit */
export function checkFits(schema: string, payload: Payload | null, { at, of, hint }: { at: string; of: string; hint: string }): void {
  const value: unknown = payload === null ? null : JSON.parse(payload)
  const issue = firstOf(JSON.parse(schema), value, of)
  if (issue === undefined) return
  const { instancePath, message } = issue
  throw new UserError('invalid-input', {
    at: `${at}${instancePath}`,
    found: foundText(JSON.stringify(valueAt(value, instancePath) ?? null)),
    hint: `${message}: ${hint}`,
  })
}

function firstOf(schema: XSchema, value: unknown, definition: string): { instancePath: string; message: string } | undefined {
  try {
    const [fits, issues] = Errors(schema, value)
    // What it says of members that may not be there comes twice.
    return fits ? undefined : (issues.find(({ keyword }) => keyword !== 'boolean') ?? issues[0])
  } catch (error) {
    throw new UserError('invalid-input', {
      at: '/definition',
      found: definition,
      hint: `the schema of its input cannot be used: ${(error as Error).message}`,
    })
  }
}

function valueAt(value: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .reduce<unknown>(
      (inner, step) => (inner as Record<string, unknown> | null | undefined)?.[step.replaceAll('~1', '/').replaceAll('~0', '~')],
      value,
    )
}
