import { nearest } from '../zone-names.ts'
import type { FieldName, Rules } from './dialects.ts'
import { CronError, quoted } from './error.ts'
import { absent, type Bounds, boundsOf, type Field, type Item, LABELS, valuesOf, weekdayOf } from './field.ts'
import { list, MONTHS, numberOfName, WEEKDAYS } from './names.ts'

/** A field's text and where it stands. */
export interface Source {
  readonly expression: string
  readonly name: FieldName
  readonly text: string
  readonly offset: number
  readonly rules: Rules
  readonly dialect: string
}

/** Reads a list of ranges, steps and, for the two day fields, what else the dialect knows. */
export function readField(source: Source): Field {
  const { name, rules } = source
  const text = source.text.toUpperCase()
  const items: Item[] = []
  const parts = source.text.split(',')
  let offset = source.offset
  for (const part of parts) {
    items.push(readItem({ ...source, text: part, offset }, parts.length > 1))
    offset += part.length + 1
  }
  const any = (text === '*' || text === '?') && items.length === 1
  const values = valuesOf(items, name, rules)
  return {
    ...absent(name, rules),
    text: canonical(text),
    offset: source.offset,
    items: items.map(item => sundayFirst(item, source)),
    values,
    any,
    star: /^[*?]/.test(text),
  }
}

/** Leading zeros go; all else is kept as it was written. */
function canonical(text: string): string {
  return text.replace(/\d+/g, digits => String(Number(digits)))
}

/** Items speak of weekdays from Sunday as 0, whatever the dialect; specials do so already. */
function sundayFirst(item: Item, { name, rules }: Source): Item {
  if (name !== 'dayOfWeek' || item.kind !== 'range') return item
  const whole = item.to - item.from >= 6 && item.step === 1
  return whole ? { ...item, from: 0, to: 6 } : { ...item, from: weekdayOf(item.from, rules), to: weekdayOf(item.to, rules) }
}

function readItem(part: Source, listed: boolean): Item {
  const special = part.name === 'dayOfMonth' ? readSpecialDay(part) : part.name === 'dayOfWeek' ? readSpecialWeekday(part) : null
  if (special === null) return readRange(part)
  if (listed && !part.rules.specialsInLists)
    throw fault(part, `${quoted(part.text)} cannot stand in a list in the ${part.dialect} dialect`, 'Use one schedule for each.')
  return special
}

function readSpecialDay(part: Source): Item | null {
  const found = /^(?:(L)(?:-(\d{1,9}))?(W)?|(\d{1,9})W|W(\d{1,9}))$/i.exec(part.text)
  if (found === null) return null
  const [, last, before, workday, near, swapped] = found
  if (swapped !== undefined)
    throw fault(part, `${quoted(part.text)} is written the other way round`, `The working day nearest to a day is "${swapped}W".`)
  if (near !== undefined) {
    need(part, 'W')
    return { kind: 'near', day: inBounds(part, near, boundsOf(part.name, part.rules)) }
  }
  if (last === undefined) return null
  need(part, workday === undefined ? (before === undefined ? 'L' : 'L-n') : 'W')
  if (before !== undefined) need(part, 'L-n')
  const days = Number(before ?? 0)
  if (days > 30) throw fault(part, `no month has a day that is ${days} before its last`, 'L-1 to L-30 are possible.')
  return { kind: 'last', before: days, workday: workday !== undefined }
}

function readSpecialWeekday(part: Source): Item | null {
  if (/^L$/i.test(part.text)) {
    need(part, 'weekL', 'The last Friday of the month is "5L"; the last day of the month is "L" in the field of days of the month.')
    return { kind: 'range', from: 7, to: 7, step: 1 }
  }
  const nth = /^([^#]*)#([^#]*)$/.exec(part.text)
  if (nth !== null) {
    need(part, '#')
    const weekday = weekdayOf(readValue({ ...part, text: nth[1]! }), part.rules)
    if (!/^[1-5]$/.test(nth[2]!))
      throw fault(
        part,
        `${quoted(part.text)} asks for weekday number ${quoted(nth[2]!)} of a month`,
        '#1 to #5 are possible, "5#2" is the second Friday of the month; the last is "5L".',
      )
    return { kind: 'nth', weekday, nth: Number(nth[2]) }
  }
  const last = /^(.+)L$/i.exec(part.text)
  if (last !== null && isValue(part, last[1]!)) {
    need(part, 'nL')
    return { kind: 'lastOf', weekday: weekdayOf(readValue({ ...part, text: last[1]! }), part.rules) }
  }
  const croniter = /^L(\d+)$/i.exec(part.text)
  if (croniter === null) return null
  need(part, 'Ln', `The last such weekday of the month is "${croniter[1]}L".`)
  return { kind: 'lastOf', weekday: weekdayOf(readValue({ ...part, text: croniter[1]!, offset: part.offset + 1 }), part.rules) }
}

/** `*`, `a`, `a-b`, each with or without `/step`. */
function readRange(part: Source): Item {
  const { rules } = part
  const [head, stepText, ...more] = part.text.split('/') as [string, ...string[]]
  if (more.length > 0) throw fault(part, `${quoted(part.text)} has more than one step`, 'Write it as "from-to/step".')
  const step = stepText === undefined ? 1 : readStep({ ...part, text: stepText, offset: part.offset + head.length + 1 })
  if (head === '*' || (head === '?' && rules.question !== 'nowhere')) {
    if (head === '?' && rules.question === 'days' && part.name !== 'dayOfMonth' && part.name !== 'dayOfWeek')
      throw fault(part, '"?" is for the two day fields only', 'Write "*" for each.')
    if (head === '?' && stepText !== undefined && rules.question === 'days') throw fault(part, '"?" takes no step', 'Write "*/n".')
    return { kind: 'any', step }
  }
  const dash = head.indexOf('-', 1)
  const fromSource = { ...part, text: dash < 0 ? head : head.slice(0, dash) }
  const from = readValue(fromSource)
  if (dash < 0) {
    if (stepText === undefined) return { kind: 'range', from, to: from, step: 1 }
    if (!rules.openSteps)
      throw fault(
        part,
        `${quoted(part.text)} has a step but no range`,
        `From ${from} on in steps of ${step}: "${from}-${boundsOf(part.name, rules).anyMax}/${step}".`,
      )
    return { kind: 'range', from, to: Math.max(from, boundsOf(part.name, rules).anyMax), step, open: true }
  }
  const toSource = { ...part, text: head.slice(dash + 1), offset: part.offset + dash + 1 }
  const read = readValue(toSource)
  // "SAT-SUN": where the week may end with 7 as well as begin with 0, the name of Sunday is the number that fits.
  const to = read === 0 && from > 0 && part.name === 'dayOfWeek' && rules.weekday.max === 7 && !/\d/.test(toSource.text) ? 7 : read
  if (to < from && !(rules.wraps && part.name !== 'year'))
    throw fault(
      part,
      `the range ${quoted(head)} ends before it begins`,
      part.name === 'year'
        ? 'Years do not go round.'
        : `The ${part.dialect} dialect does not go over the end: write "${roundabout(from, to, boundsOf(part.name, rules))}".`,
    )
  if (rules.stepMax === 'range' && to > from && step > to - from)
    throw fault(part, `a step of ${step} is longer than the range ${quoted(head)}`, `Write ${from} alone.`)
  return { kind: 'range', from, to, step }
}

function roundabout(from: number, to: number, { anyMin, anyMax }: Bounds): string {
  return `${from === anyMax ? from : `${from}-${anyMax}`},${to === anyMin ? to : `${anyMin}-${to}`}`
}

function readStep(part: Source): number {
  if (!/^\d{1,9}$/.test(part.text)) throw fault(part, `a step is a whole number, found ${quoted(part.text)}`, 'Every 15 is "*/15".')
  const step = Number(part.text)
  if (step === 0) throw fault(part, 'a step of 0 never moves on', 'The smallest is 1.')
  const { anyMin, anyMax } = boundsOf(part.name, part.rules)
  const size = anyMax - anyMin + 1
  const most = { any: Number.POSITIVE_INFINITY, size, last: anyMax, range: size - 1 }[part.rules.stepMax]
  if (step > most && part.name !== 'year')
    throw fault(
      part,
      `a step of ${step} is longer than the field of the ${LABELS[part.name]}, which has ${size} values`,
      `A step counts anew in each ${wholeOf(part.name)}. For a fixed time between runs use an interval.`,
    )
  return step
}

function wholeOf(name: FieldName): string {
  return { second: 'minute', minute: 'hour', hour: 'day', dayOfMonth: 'month', month: 'year', dayOfWeek: 'week', year: 'era', week: 'year' }[name]
}

function isValue(part: Source, text: string): boolean {
  return /^\d+$/.test(text) || nameOf(part, text) !== null
}

function nameOf(part: Source, text: string): number | null {
  if (part.name === 'month') return numberOfName(text, 'month', part.rules.fullNames)
  if (part.name !== 'dayOfWeek') return null
  const weekday = numberOfName(text, 'weekday', part.rules.fullNames)
  if (weekday === null) return null
  const { sunday, anyMin } = part.rules.weekday
  const value = sunday === 6 ? (weekday + 6) % 7 : weekday + sunday
  return value < anyMin ? 7 : value // Spring: SUN is 7, which is why SAT-SUN is a range there.
}

/** A number in bounds, or a name of the field. */
export function readValue(part: Source): number {
  const named = nameOf(part, part.text)
  if (named !== null) return named
  if (/^\d+$/.test(part.text)) return inBounds(part, part.text, boundsOf(part.name, part.rules))
  const label = LABELS[part.name]
  const { min, max } = boundsOf(part.name, part.rules)
  if (part.text === '') throw fault(part, `a value is missing in the ${label}`, `${label === 'hour' ? 'An' : 'A'} ${label} is ${min} to ${max}.`)
  if (numberOfName(part.text, 'weekday', true) !== null && part.name !== 'dayOfWeek')
    throw fault(part, `${quoted(part.text)} is a day of the week, and this is the ${label}`, order(part))
  if (numberOfName(part.text, 'month', true) !== null && part.name !== 'month')
    throw fault(part, `${quoted(part.text)} is a month, and this is the ${label}`, order(part))
  if (part.name === 'month' || part.name === 'dayOfWeek') {
    const names = (part.name === 'month' ? MONTHS : WEEKDAYS).flatMap(name => [name, name.slice(0, 3).toUpperCase()])
    const near = /^[a-z]{2,}$/i.test(part.text) ? nearest(part.text, part.rules.fullNames ? names : names.filter(name => name.length === 3)) : null
    throw fault(
      part,
      `${quoted(part.text)} is no ${label}`,
      near === null ? `${label === 'hour' ? 'An' : 'A'} ${label} is ${min} to ${max} or a name such as ${names[3]}.` : `Did you mean ${near}?`,
    )
  }
  if (/^-\d/.test(part.text))
    throw fault(part, `a ${label} cannot be negative, found ${quoted(part.text)}`, `${label === 'hour' ? 'An' : 'A'} ${label} is ${min} to ${max}.`)
  throw fault(
    part,
    `${quoted(part.text)} is no ${label}`,
    `${label === 'hour' ? 'An' : 'A'} ${label} is ${min} to ${max}, a range "a-b", a step "*/n", or a list of them.`,
  )
}

function inBounds(part: Source, digits: string, { min, max }: Bounds): number {
  const value = Number(digits)
  if (value >= min && value <= max) return value
  const { name } = part
  const hint =
    (name === 'minute' || name === 'second') && value === 60
      ? 'The full hour or minute is 0.'
      : name === 'hour' && value === 24
        ? 'Midnight is 0.'
        : name === 'dayOfWeek'
          ? weekdayHint(part.rules)
          : order(part)
  throw fault(part, `the ${LABELS[name]} is ${min} to ${max}, found ${quoted(digits)}`, hint)
}

function weekdayHint({ weekday }: Rules): string {
  return weekday.sunday === 1
    ? 'Sunday is 1, Saturday 7.'
    : weekday.sunday === 6
      ? 'Monday is 0, Sunday 6.'
      : `Sunday is 0${weekday.max === 7 ? ' or 7' : ''}, Saturday 6.`
}

function order({ rules }: Source): string {
  const longest = rules.layouts.at(-1)!
  return `The fields are: ${longest.map(name => LABELS[name]).join(', ')}${
    rules.layouts.length > 1
      ? ` (${list(
          rules.layouts.map(layout => String(layout.length)),
          'or',
        )} of them)`
      : ''
  }.`
}

function need(part: Source, special: Rules['specials'][number], hint = 'The unix dialect knows L, L-n, nW, LW, n#k and nL.'): void {
  if (!part.rules.specials.includes(special))
    throw fault(part, `the ${part.dialect} dialect does not know ${quoted(part.text)} for the ${LABELS[part.name]}`, hint)
}

export function fault(part: Source, what: string, hint: string): CronError {
  return new CronError('invalid-cron', part.expression, what, {
    offset: part.offset,
    length: part.text.length,
    field: LABELS[part.name],
    found: part.text,
    hint,
  })
}
