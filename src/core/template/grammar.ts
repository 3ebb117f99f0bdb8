import { TemplateError, type TemplateReason } from './error.ts'
import { FILTERS } from './filters.ts'

/**
 * Templates in texts: names, and filters over them. No operators, no calls, no loops: what a template costs is known when it is read.
 *
 *     text    = { characters | "{{" value "}}" }
 *     value   = primary { "|" filter }
 *     primary = path | literal
 *     path    = name { step } [ ":" word { step } ]
 *     step    = "." word | "[" text "]" | "[" integer "]"
 *     filter  = name [ "(" primary { "," primary } ")" ]
 *     literal = text in '…' or "…" (\\, \', \", \n, \t) | number | true | false | null
 *
 * What stands before a colon is one name, dots and all: `output.load.users:rows.0` is a part of what the task `load.users` gave.
 * `{{ '{{' }}` writes two braces. What is no template stays as it is: a text without `{{` always does.
 */
export interface Template {
  readonly source: string
  readonly parts: readonly (string | Expression)[]
}

export type Expression =
  | { readonly is: 'value'; readonly value: string | number | boolean | null }
  | { readonly is: 'path'; readonly steps: Path; readonly offset: number }
  | { readonly is: 'filter'; readonly name: string; readonly of: Expression; readonly given: readonly Expression[]; readonly offset: number }

/** Names and, in a list, places from 0; negative ones count from its end. */
export type Path = readonly [string, ...(string | number)[]]

/** Characters of one template; a larger text belongs in a file. */
export const TEMPLATE_LENGTH_MAX = 256 * 1024
/** `{{ … }}` in one text. */
export const EXPRESSIONS_MAX = 1_000
export const STEPS_MAX = 32
export const FILTERS_MAX = 16
const ARGUMENTS_MAX = 4

/** Whether a text is one: the rest is data and is not looked at. */
export function isTemplate(text: string): boolean {
  return text.includes('{{')
}

/** @throws TemplateError `syntax`, `unknown` (a filter), `size`. */
export function parseTemplate(source: string): Template {
  return new Parser(source).template()
}

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y
/** A later name of a path, where an id may have a dash. */
const STEP = /[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?/y
const NUMBER = /-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?(?![\w.])/y
const INTEGER = /-?\d{1,9}/y
const SPACE = /\s*/y
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', '\\': '\\', "'": "'", '"': '"' }
const WORDS: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
])

class Parser {
  readonly #source: string
  #at = 0

  constructor(source: string) {
    this.#source = source
  }

  template(): Template {
    const source = this.#source
    if (source.length > TEMPLATE_LENGTH_MAX)
      this.#refuse('size', `A template has at most ${TEMPLATE_LENGTH_MAX} characters, this one has ${source.length}.`)
    const parts: (string | Expression)[] = []
    let expressions = 0
    while (this.#at < source.length) {
      const open = source.indexOf('{{', this.#at)
      if (open === -1) {
        parts.push(source.slice(this.#at))
        break
      }
      if (open > this.#at) parts.push(source.slice(this.#at, open))
      this.#at = open + 2
      if (++expressions > EXPRESSIONS_MAX) this.#refuse('size', `A text has at most ${EXPRESSIONS_MAX} of {{ … }}.`)
      parts.push(this.#expression(open))
    }
    return { source, parts }
  }

  #expression(open: number): Expression {
    let value = this.#primary()
    for (let filters = 0; ; filters++) {
      this.#space()
      if (this.#take('}}')) return value
      const offset = this.#at
      if (!this.#take('|')) {
        if (this.#at >= this.#source.length) this.#refuse('syntax', 'The {{ is not closed by }}.', open)
        this.#refuse('syntax', `Expected | or }}, found ${this.#found()}.`, offset, 'A template has names and filters, no operators and no calls.')
      }
      if (filters === FILTERS_MAX) this.#refuse('size', `A value passes through at most ${FILTERS_MAX} filters.`)
      value = this.#filter(value)
    }
  }

  #filter(of: Expression): Expression {
    this.#space()
    const offset = this.#at
    const name = this.#match(NAME)
    if (name === null) this.#refuse('syntax', `Expected the name of a filter after |, found ${this.#found()}.`)
    const filter = FILTERS.get(name)
    if (!filter) this.#refuse('unknown', `There is no filter "${name}".`, offset, `Filters: ${[...FILTERS.keys()].join(', ')}.`)
    const given: Expression[] = []
    this.#space()
    if (this.#take('(')) {
      this.#space()
      for (let closed = this.#take(')'); !closed; closed = this.#take(')')) {
        if (given.length > 0 && !this.#take(',')) this.#refuse('syntax', `Expected , or ), found ${this.#found()}.`)
        if (given.length === ARGUMENTS_MAX) this.#refuse('size', `A filter takes at most ${ARGUMENTS_MAX} values.`)
        given.push(this.#primary())
        this.#space()
      }
    }
    const [least, most] = filter.takes
    if (given.length < least || given.length > most)
      this.#refuse(
        'syntax',
        `The filter "${name}" takes ${least === most ? least : `${least} or ${most}`} values in brackets, found ${given.length}.`,
        offset,
      )
    return { is: 'filter', name, of, given, offset }
  }

  #primary(): Expression {
    this.#space()
    const offset = this.#at
    const quote = this.#source[offset]
    if (quote === "'" || quote === '"') return { is: 'value', value: this.#text(quote) }
    const number = this.#match(NUMBER)
    if (number !== null) return { is: 'value', value: Number(number) }
    const name = this.#match(NAME)
    if (name === null) this.#refuse('syntax', `Expected a name, a text in quotes or a number, found ${this.#found()}.`)
    const word = WORDS.get(name)
    if (word !== undefined) return { is: 'value', value: word }
    return { is: 'path', steps: this.#steps(name), offset }
  }

  #steps(first: string): Path {
    let steps: [string, ...(string | number)[]] = [first]
    let isParted = false
    for (;;) {
      const colon = !isParted && this.#source[this.#at] === ':'
      const step = this.#step(colon ? ':' : '.')
      if (step === null) return steps
      if (colon) {
        isParted = true
        if (steps.length > 2) steps = [first, steps.slice(1).join('.')]
      }
      if (steps.length === STEPS_MAX) this.#refuse('size', `A path has at most ${STEPS_MAX} steps.`)
      steps.push(step)
    }
  }

  #step(sign: '.' | ':'): string | number | null {
    if (this.#take(sign)) {
      const name = this.#match(STEP)
      if (name === null) this.#refuse('syntax', `Expected a name after ${sign}, found ${this.#found()}.`)
      return /^(0|[1-9]\d{0,8})$/.test(name) ? Number(name) : name
    }
    if (!this.#take('[')) return null
    this.#space()
    const quote = this.#source[this.#at]
    const integer = quote === "'" || quote === '"' ? null : this.#match(INTEGER)
    if (quote !== "'" && quote !== '"' && integer === null)
      this.#refuse('syntax', `Expected a text in quotes or a whole number in [ ], found ${this.#found()}.`)
    const step = integer === null ? this.#text(quote as string) : Number(integer)
    this.#space()
    if (!this.#take(']')) this.#refuse('syntax', `Expected ], found ${this.#found()}.`)
    return step
  }

  #text(quote: string): string {
    const from = this.#at++
    let text = ''
    for (;;) {
      const character = this.#source[this.#at++]
      if (character === undefined) this.#refuse('syntax', 'The text is not closed by its quote.', from)
      if (character === quote) return text
      if (character !== '\\') {
        text += character
        continue
      }
      const escaped = ESCAPES[this.#source[this.#at++] ?? '']
      if (escaped === undefined) this.#refuse('syntax', String.raw`After \ comes one of n t \ ' ".`, this.#at - 2)
      text += escaped
    }
  }

  #space(): void {
    this.#match(SPACE)
  }

  #take(sign: string): boolean {
    if (!this.#source.startsWith(sign, this.#at)) return false
    this.#at += sign.length
    return true
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at
    const [found] = pattern.exec(this.#source) ?? []
    if (found === undefined) return null
    this.#at += found.length
    return found
  }

  #found(): string {
    return this.#at >= this.#source.length ? 'the end' : JSON.stringify(this.#source.slice(this.#at, this.#at + 12))
  }

  #refuse(reason: TemplateReason, title: string, offset = this.#at, hint?: string): never {
    throw new TemplateError({ reason, title, template: this.#source, offset, ...(hint !== undefined && { hint }) })
  }
}
