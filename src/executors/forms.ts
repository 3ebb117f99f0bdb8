import { durationMs, type StandardSchema } from '@mainspring/sdk'

/** What an input must be: said once, as a check that names the place, and as JSON Schema for servers and forms. */
export interface Form {
  /** JSON Schema (2020-12). Never stricter than `check`. */
  readonly schema: Readonly<Record<string, unknown>>
  check(value: unknown, at: Path, issues: Issue[]): void
}
export type Path = readonly (string | number)[]
export interface Issue {
  message: string
  path: Path
}

/**
 * A Standard Schema of an executor's input. What it accepts it gives back as it is: defaults are the handler's matter, so that a schedule keeps what was written.
 * `also` sees only what has the form. Messages show no texts of the input: they may be secrets.
 */
export function inputSchema<Input>(form: Form, also: (input: Input, issues: Issue[]) => void): StandardSchema<Input> {
  const validate = (value: unknown): { value: Input } | { issues: Issue[] } => {
    const issues: Issue[] = []
    form.check(value, [], issues)
    if (issues.length === 0) also(value as Input, issues)
    return issues.length === 0 ? { value: value as Input } : { issues }
  }
  const standard = { version: 1 as const, vendor: 'mainspring', validate, jsonSchema: { input: () => form.schema } }
  return { '~standard': standard }
}

export function text(meant: string, limits: { min?: number; max: number; pattern?: RegExp }): Form {
  const { min = 0, max, pattern } = limits
  return {
    schema: { type: 'string', ...(min > 0 && { minLength: min }), maxLength: max, ...(pattern && { pattern: pattern.source }) },
    check(value, at, issues) {
      if (typeof value !== 'string') issues.push(mismatch(meant, value, at))
      else if (value.length < min || value.length > max) issues.push({ message: `${meant}, of ${min} to ${max} characters`, path: at })
      else if (value.includes('\0')) issues.push({ message: `${meant}, without NUL characters`, path: at })
      else if (pattern && !pattern.test(value)) issues.push({ message: meant, path: at })
    },
  }
}

export function integer(minimum: number, maximum: number): Form {
  const meant = `a whole number from ${minimum} to ${maximum}`
  return {
    schema: { type: 'integer', minimum, maximum },
    check(value, at, issues) {
      if (!Number.isInteger(value) || (value as number) < minimum || (value as number) > maximum) issues.push(mismatch(meant, value, at))
    },
  }
}

export const flag: Form = {
  schema: { type: 'boolean' },
  check(value, at, issues) {
    if (typeof value !== 'boolean') issues.push(mismatch('true or false', value, at))
  },
}

export function duration(minimumMs: number, maximumMs: number, range: string): Form {
  return {
    schema: { anyOf: [{ type: 'string' }, { type: 'number', minimum: 0 }] },
    check(value, at, issues) {
      const ms = durationMs(value)
      if (ms === null)
        issues.push({ message: 'a duration: milliseconds, or a text with units ms, s, m, h, d, w such as "90s" or "1h 30m"', path: at })
      else if (ms < minimumMs || ms > maximumMs) issues.push({ message: `a duration ${range}`, path: at })
    },
  }
}

export function oneOf(...words: string[]): Form {
  return {
    schema: { enum: words },
    check(value, at, issues) {
      if (!words.includes(value as string)) issues.push(mismatch(`one of ${words.join(', ')}`, value, at))
    },
  }
}

export function listOf(item: Form, { min = 0, max }: { min?: number; max: number }): Form {
  return {
    schema: { type: 'array', items: item.schema, minItems: min, maxItems: max },
    check(value, at, issues) {
      if (!Array.isArray(value)) issues.push(mismatch('a list', value, at))
      else if (value.length < min || value.length > max) issues.push({ message: `a list of ${min} to ${max} items`, path: at })
      else for (const [index, one] of value.entries()) item.check(one, [...at, index], issues)
    },
  }
}

/** Names and texts, such as headers. */
export function recordOf(name: { pattern: RegExp; meant: string }, value: Form, max: number): Form {
  return {
    schema: { type: 'object', additionalProperties: value.schema, maxProperties: max },
    check(record, at, issues) {
      if (!isRecord(record)) return void issues.push(mismatch('an object', record, at))
      const entries = Object.entries(record)
      if (entries.length > max) return void issues.push({ message: `an object of ${max} members at most`, path: at })
      for (const [key, one] of entries) {
        if (!name.pattern.test(key)) issues.push({ message: name.meant, path: [...at, key] })
        else value.check(one, [...at, key], issues)
      }
    },
  }
}

/** An object of these members and no others. */
export function object(members: Record<string, Form>, required: readonly string[] = []): Form {
  const known = Object.keys(members)
  return {
    schema: {
      type: 'object',
      properties: Object.fromEntries(Object.entries(members).map(([name, form]) => [name, form.schema])),
      required,
      additionalProperties: false,
    },
    check(value, at, issues) {
      if (!isRecord(value)) return void issues.push(mismatch('an object', value, at))
      for (const name of required) if (value[name] === undefined) issues.push({ message: 'this is needed', path: [...at, name] })
      for (const [name, one] of Object.entries(value)) {
        if (one === undefined) continue
        if (Object.hasOwn(members, name)) members[name]?.check(one, [...at, name], issues)
        else issues.push({ message: `there is no such member; there are ${known.join(', ')}`, path: [...at, name] })
      }
    },
  }
}

/** One form a type of JSON: so that what is wrong inside a list is said of the list, not of "none of three forms". */
export function byType(meant: string, forms: { string?: Form; number?: Form; boolean?: Form; array?: Form; object?: Form }): Form {
  return {
    schema: { anyOf: Object.values(forms).map(form => form.schema) },
    check(value, at, issues) {
      const type = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value
      const form = Object.hasOwn(forms, type) ? forms[type as keyof typeof forms] : undefined
      if (form) form.check(value, at, issues)
      else issues.push(mismatch(meant, value, at))
    },
  }
}

function mismatch(meant: string, found: unknown, path: Path): Issue {
  return { message: `${meant}; found ${kindOf(found)}`, path }
}

/** What it is, never what it says. */
function kindOf(value: unknown): string {
  if (value === null || value === undefined || typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return value === '' ? 'an empty text' : 'another text'
  return Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
