import { TemplateError, type TemplateReason } from './error.ts'
import { FILTERS, TEXT_LENGTH_MAX, textOf, type Value, WrongType } from './filters.ts'
import { type Expression, isTemplate, type Path, parseTemplate, type Template } from './grammar.ts'

/** The names of a template and what they stand for: JSON values. Only own members of maps and lists are looked at. */
export type Scope = Readonly<Record<string, Value>>

/**
 * The value of a text. A template that is one `{{ … }}` and nothing else gives the value as it is, a list as a list; any other gives a text, in which what is
 * no text stands as JSON.
 * @throws TemplateError `missing`, `type`, `size`.
 */
export function render(template: Template, scope: Scope): Value {
  const [only] = template.parts
  if (template.parts.length === 1 && typeof only === 'object') return evaluate(template, only, scope)
  let text = ''
  for (const part of template.parts) {
    text += typeof part === 'string' ? part : textOf(evaluate(template, part, scope))
    if (text.length > TEXT_LENGTH_MAX)
      refuse(template, 'size', 0, `The text has more than ${TEXT_LENGTH_MAX} characters once its values stand in it.`)
  }
  return text
}

/**
 * A JSON value with every text in it rendered; the names of its members are not. What has no template in it is given back as it is, not copied.
 * @throws TemplateError of any reason, with `at` below the place given.
 */
export function renderAll(value: Value, scope: Scope, at = ''): Value {
  return mapped(value, at, template => render(template, scope))
}

/**
 * Every path that the texts in a value name, for edges and for checks when it is registered; where `default` stands behind it, it is `optional`.
 * @throws TemplateError `syntax`, `unknown`, `size`, with `at` below the place given.
 */
export function referencesIn(value: Value, at = ''): Reference[] {
  const found: Reference[] = []
  mapped(value, at, (template, place) => {
    for (const part of template.parts) if (typeof part === 'object') collect(part, template, place, false, found)
    return template.source
  })
  return found
}

export interface Reference {
  path: Path
  optional: boolean
  /** JSON pointer to the text, and the place in it. */
  at: string
  offset: number
}

/** Nesting of a value, as the SDK has it too. */
const DEPTH_MAX = 500

function mapped(value: Value, at: string, map: (template: Template, at: string) => Value, depth = 0): Value {
  if (typeof value === 'string') {
    if (!isTemplate(value)) return value
    try {
      return map(parseTemplate(value), at)
    } catch (error) {
      throw error instanceof TemplateError && error.at === '' ? error.within(at) : error
    }
  }
  if (typeof value !== 'object' || value === null) return value
  if (depth === DEPTH_MAX)
    throw new TemplateError({ reason: 'size', title: `The value is nested deeper than ${DEPTH_MAX}.`, template: '', offset: 0 }, at)
  if (Array.isArray(value)) {
    const items = value.map((item, index) => mapped(item, `${at}/${index}`, map, depth + 1))
    return items.every((item, index) => item === value[index]) ? value : items
  }
  const members = Object.entries(value).map(([name, member]): [string, Value] => [name, mapped(member, `${at}/${pointed(name)}`, map, depth + 1)])
  return members.every(([name, member]) => member === (value as Scope)[name]) ? value : Object.fromEntries(members)
}

function pointed(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

function collect(expression: Expression, template: Template, at: string, optional: boolean, found: Reference[]): void {
  if (expression.is === 'path') found.push({ path: expression.steps, optional, at, offset: expression.offset })
  if (expression.is !== 'filter') return
  collect(expression.of, template, at, optional || expression.name === 'default', found)
  for (const given of expression.given) collect(given, template, at, optional, found)
}

function evaluate(template: Template, expression: Expression, scope: Scope): Value {
  if (expression.is === 'value') return expression.value
  if (expression.is === 'path') {
    const { value, known } = walk(expression.steps, scope)
    if (known === expression.steps.length && value !== undefined) return value
    const whole = pathText(expression.steps)
    return refuse(
      template,
      'missing',
      expression.offset,
      `There is no ${whole}${known > 0 ? `: ${pathText(expression.steps.slice(0, known) as unknown as Path)} has no such member` : ''}.`,
      `{{ ${whole} | default(null) }} does without it.`,
    )
  }
  const filter = FILTERS.get(expression.name)!
  const of = expression.name === 'default' ? optional(template, expression.of, scope) : evaluate(template, expression.of, scope)
  const given = expression.given.map(one => evaluate(template, one, scope))
  try {
    return filter.apply(of, ...given)
  } catch (error) {
    if (!(error instanceof WrongType)) throw error
    return refuse(
      template,
      'type',
      expression.offset,
      `The filter "${expression.name}" takes ${error.message}, found ${shortly(of)}${given.length > 0 ? ` with ${given.map(shortly).join(', ')}` : ''}.`,
    )
  }
}

/** What `default` stands behind: null where it is missing. */
function optional(template: Template, expression: Expression, scope: Scope): Value {
  try {
    return evaluate(template, expression, scope)
  } catch (error) {
    if (error instanceof TemplateError && error.reason === 'missing') return null
    throw error
  }
}

/** `known`: so many steps lead somewhere. */
function walk(steps: Path, scope: Scope): { value: Value; known: number } {
  let value: Value = scope
  for (const [known, step] of steps.entries()) {
    if (Array.isArray(value)) {
      const index = typeof step === 'number' && step < 0 ? value.length + step : step
      if (typeof index !== 'number' || !(index in value)) return { value, known }
      value = value[index]
    } else if (typeof value === 'object' && value !== null && Object.hasOwn(value, step)) value = (value as Scope)[step]
    else return { value, known }
  }
  return { value, known: steps.length }
}

/** As it is written in a template. */
export function pathText(path: Path): string {
  return path
    .map((step, index) =>
      index === 0
        ? step
        : typeof step === 'number'
          ? `[${step}]`
          : /^\w[\w-]*$/.test(step) && !/-$/.test(step)
            ? `.${step}`
            : `[${JSON.stringify(step)}]`,
    )
    .join('')
}

/** Values may be secrets: what kind of thing it was is enough. */
function shortly(value: Value): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'a map' : typeof value === 'string' ? 'a text' : `a ${typeof value}`
}

function refuse(template: Template, reason: TemplateReason, offset: number, title: string, hint?: string): never {
  throw new TemplateError({ reason, title, template: template.source, offset, ...(hint !== undefined && { hint }) })
}
