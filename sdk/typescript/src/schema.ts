import { InvalidInput } from './errors.ts'

/** Standard Schema, version 1 (https://standardschema.dev): what zod, valibot, arktype and others give. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': StandardProperties<Input, Output>
}
export interface StandardProperties<Input, Output> {
  readonly version: 1
  readonly vendor: string
  readonly validate: (value: unknown, options?: never) => StandardResult<Output> | Promise<StandardResult<Output>>
  readonly types?: { readonly input: Input; readonly output: Output } | undefined
}
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string; readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined }[] }
/** What one passes to a job with this schema: before defaults and conversions. */
export type InferInput<Schema extends StandardSchema> = NonNullable<Schema['~standard']['types']>['input']
/** What its handler gets. */
export type InferOutput<Schema extends StandardSchema> = NonNullable<Schema['~standard']['types']>['output']

/**
 * The input as the schema gives it back (defaults filled in, texts converted). A promise only where the schema's own check is one.
 * @throws InvalidInput with each issue's place.
 */
export function checked(job: string, schema: StandardSchema, input: unknown): unknown {
  const result = schema['~standard'].validate(input)
  return result instanceof Promise ? result.then(later => accepted(job, later)) : accepted(job, result)
}

/**
 * JSON Schema (2020-12) of what may be passed, or undefined: a schema says so by Standard JSON Schema (`~standard.jsonSchema`, zod 4.2 and newer)
 * or by a method `toJSONSchema` (zod 4, arktype's `toJsonSchema`). One that cannot be said in JSON Schema is checked in the SDK alone.
 */
export function jsonSchemaOf(schema: StandardSchema): unknown {
  const standard = schema['~standard'] as { jsonSchema?: { input?: (options: { target: string }) => unknown } }
  const own = schema as { toJSONSchema?: (options: { io: 'input' }) => unknown; toJsonSchema?: () => unknown }
  try {
    const said = standard.jsonSchema?.input?.({ target: 'draft-2020-12' }) ?? own.toJSONSchema?.({ io: 'input' }) ?? own.toJsonSchema?.()
    return said === undefined ? undefined : JSON.parse(JSON.stringify(said)) // zod hangs a `~standard` on it
  } catch {
    return undefined
  }
}

function accepted(job: string, result: StandardResult<unknown>): unknown {
  if (!result.issues) return result.value
  throw new InvalidInput(
    job,
    result.issues.map(issue => ({ message: issue.message, at: pointer(issue.path ?? []) })),
  )
}

function pointer(path: readonly (PropertyKey | { readonly key: PropertyKey })[]): string {
  return path
    .map(
      step =>
        `/${String(typeof step === 'object' ? step.key : step)
          .replaceAll('~', '~0')
          .replaceAll('/', '~1')}`,
    )
    .join('')
}
