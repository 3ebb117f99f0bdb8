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
  const unrolled = withoutLoops(text)
  if (unrolled !== text) return translated(unrolled, frame)
  if (BLOCK.test(text))
    frame.missing('jinja-block', 'blocks of Jinja ({% … %}) are not translated', 'write the text out, or make it in a Python task before')
  return text
    .replaceAll(/\{\{\s*(?:ti\.|task_instance\.)?task_instance_key_str\s*\}\}/g, `${frame.dag}__${frame.task}__{{ ds_nodash }}`)
    .replace(EXPRESSION, (whole, inner: string) => {
      const found = expression(inner.trim(), frame)
      // A text that is known stands there itself.
      const [, known] = /^'([^'\\]*)'$/.exec(found ?? '') ?? []
      if (known !== undefined) return known
      if (found !== null) return `{{${found}}}`
      frame.missing('jinja', `the template ${whole} is not translated`, 'give the value as a parameter, or make it in a Python task before')
      return whole
    })
}

/** Comments are left out; what a loop over `range(n)` says is written so often. */
function withoutLoops(text: string): string {
  return text.replaceAll(/\{#[\s\S]*?#\}/g, '').replaceAll(LOOP, (whole, variable: string, count: string, body: string) => {
    if (Number(count) > LOOP_MAX || body.includes('{%')) return whole
    const name = new RegExp(`\\{\\{\\s*${variable}\\s*\\}\\}`, 'g')
    return Array.from({ length: Number(count) }, (_, n) => body.replaceAll(name, String(n))).join('')
  })
}
const LOOP = /\{%-?\s*for\s+(\w+)\s+in\s+range\(\s*(\d+)\s*\)\s*-?%\}\n?([\s\S]*?)\{%-?\s*endfor\s*-?%\}\n?/g
const LOOP_MAX = 100

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
const CASES: Readonly<Record<string, string | undefined>> = { lower: 'lower', upper: 'upper', strip: 'trim' }
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
  const late = lateOf(text)
  if (late !== null) return late
  if (/^(?:dag\.dag_id|ti\.dag_id)$/.test(text)) return `'${frame.dag}'`
  if (/^(?:task\.task_id|ti\.task_id|task_instance\.task_id)$/.test(text)) return `'${frame.task}'`
  if (/^(?:run_id|dag_run\.run_id|ti\.run_id)$/.test(text)) return 'run'
  const cased = /^(.+)\.(lower|upper|title|strip)\(\)$/.exec(text)
  if (cased && CASES[cased[2] as string]) return chained(name(cased[1] as string, frame), CASES[cased[2] as string] as string)
  const quoted = /^(['"])([^'"\\]*)\1$/.exec(text)
  return quoted ? `'${quoted[2]}'` : /^-?\d+(\.\d+)?$/.test(text) ? text : null
}

/** `var.value.x`, `var.json.x.y`, `conn.x.host`, and `.get` with a default (Airflow: "Templates reference"). */
function lateOf(text: string): string | null {
  const [, is, name = '', path = ''] = /^var\.(value|json)\.([\w-]+)((?:\.\w+)*)$/.exec(text) ?? []
  if (is === 'json') return `var.${name}${path === '' ? '' : `:${path.slice(1)}`}`
  // A key of a plain value has dots in it.
  if (is === 'value') return `var.${name}${path}`
  const got = /^var\.(?:value|json)\.get\(\s*(['"])([\w.-]+)\1\s*(?:,\s*((['"])[^'"\\]*\4|-?\d+(?:\.\d+)?))?\s*\)$/.exec(text)
  if (got) return `var.${got[2]}${got[3] === undefined ? '' : ` | default(${got[3]})`}`
  const [, id, field = '', part] = /^conn\.([\w-]+)\.(\w+)(?:\.(\w+))?$/.exec(text) ?? []
  const ours = CONNECTION_FIELD[field]
  if (id === undefined || ours === undefined || (part !== undefined && field !== 'extra_dejson')) return null
  return `conn.${id}.${ours}${part === undefined ? (field === 'extra' ? ' | json' : '') : `:${part}`}`
}
const CONNECTION_FIELD: Readonly<Record<string, string | undefined>> = {
  conn_type: 'type',
  host: 'host',
  port: 'port',
  login: 'login',
  password: 'password',
  schema: 'schema',
  extra: 'extra',
  extra_dejson: 'extra',
  get_uri: 'uri',
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
  if (found === null || pattern === undefined) return found
  return /%[^YymdHMSjAaBbFT%]/.test(pattern) ? null : `${found} | format('${pattern}')`
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
