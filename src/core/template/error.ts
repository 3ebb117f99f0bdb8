/**
 * What is the matter with a template:
 * - `syntax`: it cannot be read; told when a definition is registered.
 * - `unknown`: a filter, or a name, that does not exist.
 * - `missing`: the value is not there in this run. `| default(…)` gives another.
 * - `type`: a filter got a value that it cannot take.
 * - `size`: over a bound of grammar.ts or render.ts.
 */
export type TemplateReason = 'syntax' | 'unknown' | 'missing' | 'type' | 'size'

export interface TemplateFacts {
  reason: TemplateReason
  title: string
  /** The whole text of the template, and where in it. */
  template: string
  offset: number
  hint?: string
}

/** A mistake in a template. `at`: JSON pointer (RFC 6901) to the text within the value that was read, empty for the value itself. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError'
  readonly code = 'invalid-template'
  readonly reason: TemplateReason
  readonly title: string
  readonly hint: string | undefined
  readonly offset: number
  readonly template: string
  readonly at: string

  constructor(facts: TemplateFacts, at = '') {
    super(`${facts.title}${at === '' ? '' : ` At ${at}.`} In ${JSON.stringify(excerpt(facts))}.${facts.hint ? ` ${facts.hint}` : ''}`)
    this.reason = facts.reason
    this.title = facts.title
    this.hint = facts.hint
    this.offset = facts.offset
    this.template = facts.template
    this.at = at
  }

  /** The same mistake, told for the value that the text stands in. */
  within(at: string): TemplateError {
    const { reason, title, template, offset, hint } = this
    return new TemplateError({ reason, title, template, offset, ...(hint !== undefined && { hint }) }, at)
  }
}

/** Around the place: a template may be a whole script. */
function excerpt({ template, offset }: TemplateFacts): string {
  const from = Math.max(0, offset - 40)
  const to = Math.min(template.length, offset + 40)
  return `${from > 0 ? '…' : ''}${template.slice(from, to)}${to < template.length ? '…' : ''}`
}
