/** How what Airflow says in Jinja is said in ours. */
export interface TemplateFrame {
  dag: string
  task: string
  airflow3: boolean
  /** Defaults of the DAG's parameters. */
  params: Readonly<Record<string, unknown>>
  /** How the result of a task is written, or a part of it; null where there is no such task. */
  output(task: string, key: string | null, path: readonly (string | number)[]): string | null
  missing(code: string, what: string, hint: string): void
}

const EXPRESSION = /\{\{([\s\S]*?)\}\}/g
const BLOCK = /\{%|\{#/

/** The text with each `{{ … }}` translated; one that cannot be is left and told. */
export function translated(text: string, frame: TemplateFrame): string {
  if (BLOCK.test(text))
    frame.missing('jinja-block', 'blocks of Jinja ({% … %}) are not translated', 'write the text out, or make it in a Python task before')
  return text.replace(EXPRESSION, (whole, inner: string) => {
    const found = expression(inner.trim(), frame)
    // A text that is known stands there itself.
    const [, known] = /^'([^'\\]*)'$/.exec(found ?? '') ?? []
    if (known !== undefined) return known
    if (found !== null) return `{{${found}}}`
    frame.missing('jinja', `the template ${whole} is not translated`, 'give the value as a parameter, or make it in a Python task before')
    return whole
  })
}

/** Without the braces. */
function expression(text: string, frame: TemplateFrame): string | null {
  const [head, ...filters] = split(text, '|').map(part => part.trim())
  if (head === undefined) return null
  let value = name(head, frame)
  for (const filter of filters) {
    const [, called = '', given] = /^(\w+)\s*(?:\(([\s\S]*)\))?$/.exec(filter) ?? []
    const ours = FILTERS[called]
    if (value === null || ours === undefined) return null
    if (given !== undefined && given !== '' && !WITH_ARGUMENTS.has(called)) return null
    value = `${value} | ${ours}${given ? `(${given})` : ''}`
  }
  return value
}

const FILTERS: Readonly<Record<string, string | undefined>> = {
  ds: 'date',
  ds_nodash: "format('%Y%m%d')",
  ts: "format('%Y-%m-%dT%H:%M:%S+00:00')",
  ts_nodash: "format('%Y%m%dT%H%M%S')",
  ts_nodash_with_tz: "format('%Y%m%dT%H%M%S+0000')",
  tojson: 'json',
  upper: 'upper',
  lower: 'lower',
  trim: 'trim',
  length: 'length',
  count: 'length',
  first: 'first',
  last: 'last',
  int: 'number',
  float: 'number',
  string: 'text',
  join: 'join',
  replace: 'replace',
  default: 'default',
  d: 'default',
}
const WITH_ARGUMENTS = new Set(['join', 'replace', 'default', 'd'])

/** A name, or one of the few calls that have a meaning of their own. */
function name(text: string, frame: TemplateFrame): string | null {
  const time = timeOf(text, frame)
  if (time !== null) return time
  const parameter = /^(?:params|dag_run\.conf|dag\.params)(?:\.(\w+)|\[\s*(['"])(.+?)\2\s*\]|\.get\(\s*(['"])(.+?)\4\s*(?:,\s*([^)]+))?\))$/.exec(
    text,
  )
  if (parameter) return parameterText(parameter[1] ?? parameter[3] ?? (parameter[5] as string), frame, parameter[6]?.trim())
  const pulled = /^(?:ti|task_instance)\.xcom_pull\(([\s\S]*?)\)((?:\.\w+|\[[^\]]+\])*)$/.exec(text)
  if (pulled) return pulledText(pulled[1] as string, pulled[2] as string, frame)
  const added = /^macros\.ds_add\(\s*([^,]+),\s*(-?\d+)\s*\)$/.exec(text)
  if (added) return chained(timeOf((added[1] as string).trim(), frame), `add('${added[2]}d')`)
  const formatted = /^macros\.ds_format\(\s*([^,]+),\s*(['"])%Y-%m-%d\2\s*,\s*(['"])(.+?)\3\s*\)$/.exec(text)
  if (formatted) return chained(timeOf((formatted[1] as string).trim(), frame), `format('${formatted[4]}')`)
  if (/^(?:dag\.dag_id|ti\.dag_id)$/.test(text)) return `'${frame.dag}'`
  if (/^(?:task\.task_id|ti\.task_id|task_instance\.task_id)$/.test(text)) return `'${frame.task}'`
  if (/^(?:run_id|dag_run\.run_id|ti\.run_id)$/.test(text)) return 'run'
  if (text === 'task_instance_key_str') return null
  const quoted = /^(['"])([^'"\\]*)\1$/.exec(text)
  return quoted ? `'${quoted[2]}'` : /^-?\d+(\.\d+)?$/.test(text) ? text : null
}

function chained(value: string | null, filter: string): string | null {
  return value === null ? null : `${value} | ${filter}`
}

/** Of Airflow 2 the logical date is the start of the interval; of Airflow 3, whose cron schedules have none, the time itself. */
function timeOf(text: string, { airflow3 }: TemplateFrame): string | null {
  const logical = airflow3 ? 'nominalTime' : 'intervalStart'
  const [, base = text, pattern] = /^([\w.]+)\.strftime\(\s*['"]([^'"]+)['"]\s*\)$/.exec(text) ?? []
  const plain = base.replace(/^(?:dag_run|ti)\./, '').replace(/\.(?:isoformat|to_iso8601_string)\(\)$/, '')
  const known: Record<string, string> = {
    ds: `${logical} | date`,
    ds_nodash: `${logical} | format('%Y%m%d')`,
    ts: `${logical} | format('%Y-%m-%dT%H:%M:%S+00:00')`,
    ts_nodash: `${logical} | format('%Y%m%dT%H%M%S')`,
    ts_nodash_with_tz: `${logical} | format('%Y%m%dT%H%M%S+0000')`,
    logical_date: logical,
    execution_date: logical,
    data_interval_start: airflow3 ? 'nominalTime' : 'intervalStart',
    data_interval_end: airflow3 ? 'nominalTime' : 'intervalEnd',
    next_ds: 'intervalEnd | date',
    next_execution_date: 'intervalEnd',
  }
  const found = Object.hasOwn(known, plain) ? (known[plain] as string) : null
  return found === null || pattern === undefined ? found : `${found} | format('${pattern}')`
}

export function parameterText(parameter: string, { params }: TemplateFrame, otherwise?: string): string {
  const value = params[parameter]
  const given = otherwise ?? (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? literal(value) : undefined)
  return `input:${parameter}${given === undefined ? '' : ` | default(${given})`}`
}

function literal(value: string | number | boolean): string {
  if (typeof value !== 'string') return String(value)
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n').replaceAll('\t', '\\t')}'`
}

function pulledText(given: string, rest: string, frame: TemplateFrame): string | null {
  let task: string | null = null
  let key: string | null = null
  for (const [index, part] of split(given, ',')
    .map(one => one.trim())
    .entries()) {
    const [, called, , text] = /^(?:(\w+)\s*=\s*)?(['"])([^'"]*)\2$/.exec(part) ?? []
    if (part === '') continue
    if (text === undefined) return null
    if (called === 'key') key = text
    else if (called === 'task_ids' || (called === undefined && index === 0)) task = text
    else return null
  }
  const path = [...rest.matchAll(/\.(\w+)|\[\s*(?:(['"])(.*?)\2|(-?\d+))\s*\]/g)].map(match => match[1] ?? match[3] ?? Number(match[4]))
  return task === null ? null : frame.output(task, key === 'return_value' ? null : key, path)
}

/** At what stands outside of quotes and brackets. */
function split(text: string, at: string): string[] {
  const parts = ['']
  let quote = ''
  let depth = 0
  for (const character of text) {
    if (quote !== '') quote = character === quote ? '' : quote
    else if (character === "'" || character === '"') quote = character
    else if ('([{'.includes(character)) depth++
    else if (')]}'.includes(character)) depth--
    else if (character === at && depth === 0) {
      parts.push('')
      continue
    }
    parts[parts.length - 1] += character
  }
  return parts
}
