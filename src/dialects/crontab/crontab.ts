/**
 * A crontab as it is, read as schedules. Facts are those of crontab(5) and cron(8) of Vixie cron, as Debian and cronie have it; docs/crontab.md has them in words.
 */
import { splitCommand } from './command.ts'
import { CrontabError, shown } from './error.ts'
import { type CrontabForm, formOfLines, formOfPath } from './form.ts'
import { type Entry, type Line, linesOf, type Word } from './lines.ts'
import { nameInComment, nameOf } from './name.ts'
import { withoutRandom } from './random.ts'

export { CrontabError } from './error.ts'
export { type CrontabForm, formOfPath } from './form.ts'

export interface CrontabOptions {
  /** Zone of the lines before which no `CRON_TZ=` stands: cron takes the machine's. */
  timezone: string
  /** Default: as the path tells, else as the lines do. */
  form?: CrontabForm | undefined
  path?: string | undefined
}

export interface Crontab {
  form: CrontabForm
  schedules: CrontabSchedule[]
  /** What cron would do and nobody does here. Once each. */
  warnings: CrontabWarning[]
}
export interface CrontabWarning {
  code: string
  message: string
  hint: string
  line: number
  column: number
}
export interface Place {
  line: number
  column: number
}

/** A schedule as the API takes it, and where its parts came from. */
export interface CrontabSchedule {
  spec: CrontabSpec
  line: number
  /** The place of a field (`/cron`, `/timezone`, `/input/command` …), and of a character in it. */
  placeOf(pointer: string, offset?: number): Place
}
export interface CrontabSpec {
  name: string
  description: string
  cron: string
  dialect: 'vixie'
  timezone: string
  target: 'shell'
  input: CommandInput
  options: { retry: { attempts: 1 } }
  overlap: 'allow' | 'skip'
  catchup: 'none'
  jitter?: string
}
/** The part of the shell executor's input that a crontab can say. */
export interface CommandInput {
  command: string
  shell: true | string
  env?: Record<string, string>
  stdin?: string
  cwd?: string
  user?: string
}

/** @throws CrontabError at the first line that cannot be one. */
export function readCrontab(text: string, options: CrontabOptions): Crontab {
  const lines = linesOf(text)
  const form = options.form ?? formOfPath(options.path ?? '') ?? formOfLines(lines)
  const reader = new Reader(form, options.timezone)
  for (const line of lines) reader.read(line)
  return { form, schedules: reader.schedules, warnings: [...reader.warnings.values()] }
}

/** Longer lines are cut in the description; the command itself is not. */
const DESCRIPTION_MAX = 500
/** cronie takes no more, and neither does a schedule. */
const RANDOM_DELAY_MINUTES_MAX = 24 * 60
/** Told to cron, not to the command. */
const FOR_CRON = new Set(['CRON_TZ', 'RANDOM_DELAY'])
/** cron sets these itself and takes no other value. */
const OF_THE_ACCOUNT = new Set(['LOGNAME', 'USER'])

type Variable = Extract<Line, { is: 'variable' }>

class Reader {
  readonly schedules: CrontabSchedule[] = []
  readonly warnings = new Map<string, CrontabWarning>()
  readonly #form: CrontabForm
  readonly #timezone: string
  readonly #variables = new Map<string, Variable>()
  readonly #names = new Map<string, number>()
  #comment: { line: number; name: string } | null = null

  constructor(form: CrontabForm, timezone: string) {
    this.#form = form
    this.#timezone = timezone
  }

  read(line: Line): void {
    if (line.is === 'variable') this.#variables.set(line.name, this.#checked(line))
    if (line.is === 'entry') this.#entry(line)
    const name = line.is === 'comment' ? nameInComment(line.text) : null
    this.#comment = name === null ? null : { line: line.line, name }
  }

  #checked(variable: Variable): Variable {
    const { name, value, line, valueColumn: column } = variable
    const refuse = (title: string, hint: string): never => {
      throw new CrontabError({ line, column }, title, hint)
    }
    if (name === 'START_HOURS_RANGE')
      refuse(
        'START_HOURS_RANGE is a setting of anacron, and its files have another form.',
        'Write each of its jobs as a line with times, or as a schedule in YAML.',
      )
    if (name === 'RANDOM_DELAY' && !(/^\d{1,4}$/.test(value) && Number(value) <= RANDOM_DELAY_MINUTES_MAX))
      refuse(`RANDOM_DELAY is ${shown(value)}.`, `It is a number of minutes, from 0 to ${RANDOM_DELAY_MINUTES_MAX}.`)
    if ((name === 'SHELL' || name === 'HOME') && value !== '' && !value.startsWith('/'))
      refuse(`${name} is ${shown(value)}.`, 'cron expands nothing here: write the absolute path.')
    return variable
  }

  #entry(entry: Entry): void {
    const { user, command: written, flags } = this.#parts(entry)
    const macro = entry.words.length === 1 ? (entry.words[0] as Word).text.toLowerCase() : null
    const { command, stdin } = splitCommand(written.text)
    if (command.trim() === '')
      throw new CrontabError(
        { line: entry.line, column: written.column },
        'There is no command before the "%".',
        'What follows a "%" is the input of the command; "\\%" is a percent sign.',
      )
    if (macro === '@reboot')
      return this.#warn(
        'crontab-reboot',
        entry,
        '@reboot is no time: this line is left out.',
        'Start the command from what starts the machine, such as a systemd unit.',
      )
    const times = entry.words.map(({ text }) => text).join(' ')
    const identity = [times, command, stdin ?? '', user?.text ?? ''].join('\n')
    const cron = macro === null ? withoutRandom(entry.words, entry.line, identity).join(' ') : (MORE_MACROS[macro] ?? macro)
    const shell = this.#value('SHELL')
    const cwd = this.#value('HOME')
    const env = this.#environment()
    const delay = Number(this.#value('RANDOM_DELAY') ?? 0)
    const input: CommandInput = {
      command,
      shell: shell ?? true,
      ...(Object.keys(env).length > 0 && { env }),
      ...(stdin !== undefined && { stdin }),
      ...(cwd !== undefined && { cwd }),
      ...(user && { user: user.text }),
    }
    const spec: CrontabSpec = {
      name: this.#name(entry, nameOf(command, identity)),
      description: entry.text.length > DESCRIPTION_MAX ? `${entry.text.slice(0, DESCRIPTION_MAX - 1)}…` : entry.text,
      cron,
      dialect: 'vixie',
      timezone: (this.#value('CRON_TZ') ?? this.#timezone).replace(/^:/, ''),
      target: 'shell',
      input,
      options: { retry: { attempts: 1 } },
      overlap: flags.includes('s') ? 'skip' : 'allow',
      catchup: 'none',
      ...(delay > 0 && { jitter: `${delay}m` }),
    }
    this.schedules.push({ spec, line: entry.line, placeOf: this.#places(entry, written, user) })
    this.#warnAround(entry)
  }

  /** The user of the system form; the flags `-n`, `-q` and `-s` of the BSDs, of which only "one at a time" means something here; the command. */
  #parts({ rest, line }: Entry): { user: Word | null; flags: string; command: Word } {
    const [, name = '', blank = '', behind = ''] = /^([^ \t]+)([ \t]*)([\s\S]*)$/.exec(rest.text) ?? []
    const user = this.#form === 'system' ? { text: name, column: rest.column } : null
    if (user && behind === '')
      throw new CrontabError(
        { line, column: rest.column },
        `${shown(name)} is the user here, and no command follows.`,
        'A line of a system crontab is: minute hour day month weekday user command. A crontab of one user: --form user.',
      )
    if (user && !/^[A-Za-z_][A-Za-z0-9_.-]{0,62}\$?$/.test(name))
      throw new CrontabError(
        { line, column: rest.column },
        `${shown(name)} is no name of a user.`,
        'A line of a system crontab is: minute hour day month weekday user command. A crontab of one user: --form user.',
      )
    const command = user ? { text: behind, column: rest.column + name.length + blank.length } : rest
    const flags = /^(?:-[nqs]+[ \t]+)+(?=[^ \t])/.exec(command.text)?.[0] ?? ''
    return { user, flags, command: { text: command.text.slice(flags.length), column: command.column + flags.length } }
  }

  #name(entry: Entry, derived: string): string {
    const given = this.#comment?.line === entry.line - 1 ? this.#comment : null
    const times = (this.#names.get(given?.name ?? derived) ?? 0) + 1
    if (given && times > 1) {
      const first = this.schedules.find(({ spec }) => spec.name === given.name)?.line
      throw new CrontabError({ line: given.line, column: 1 }, `There are two lines named ${shown(given.name)}.`, `The other one is in line ${first}.`)
    }
    this.#names.set(given?.name ?? derived, times)
    // The very same line twice: cron runs it twice.
    return given?.name ?? (times === 1 ? derived : `${derived}-${times}`)
  }

  #environment(): Record<string, string> {
    const told = [...this.#variables.values()].filter(({ name }) => !FOR_CRON.has(name) && !OF_THE_ACCOUNT.has(name))
    return Object.fromEntries(told.map(({ name, value }) => [name, value]))
  }

  /** Undefined: it is not set, or to nothing. */
  #value(name: string): string | undefined {
    return this.#variables.get(name)?.value || undefined
  }

  #places(entry: Entry, command: Word, user: Word | null): CrontabSchedule['placeOf'] {
    const start = { line: entry.line, column: (entry.words[0] as Word).column }
    const variables = new Map(this.#variables)
    const ofVariable = (name: string): Place => {
      const found = variables.get(name)
      return found?.value ? { line: found.line, column: found.valueColumn } : start
    }
    return (pointer, offset = 0) => {
      const [, field, member] = pointer.split('/')
      if (field === 'cron') return { line: entry.line, column: columnOf(entry.words, offset) }
      if (field === 'timezone') return ofVariable('CRON_TZ')
      if (field === 'jitter') return ofVariable('RANDOM_DELAY')
      if (field !== 'input') return start
      if (member === 'shell' || member === 'cwd') return ofVariable(member === 'shell' ? 'SHELL' : 'HOME')
      if (member === 'user' && user) return { line: entry.line, column: user.column }
      return { line: entry.line, column: command.column }
    }
  }

  #warnAround(entry: Entry): void {
    const mail = this.#variables.get('MAILTO')
    if (mail?.value)
      this.#warn(
        'crontab-mail',
        mail,
        `cron mails what commands print to ${shown(mail.value)}; here nobody is sent mail.`,
        'What they print is in the log of each run: mainspring logs RUN.',
      )
    const zone = this.#variables.get('TZ')
    if (zone?.value && !this.#value('CRON_TZ'))
      this.#warn(
        'crontab-tz',
        zone,
        `TZ is a variable of the commands, as it is for cron; the times are in ${this.#timezone}.`,
        `For times in another zone: CRON_TZ=${zone.value.slice(0, 60)}`,
      )
    const first = entry.rest.text.split(/[ \t]+/)
    if (this.#form === 'user' && first[0] === 'root' && first[1] !== undefined && !first[1].startsWith('-'))
      this.#warn(
        'crontab-form',
        { line: entry.line, column: entry.rest.column },
        'The command begins with "root", which looks like the user of a system crontab.',
        'If it is one: --form system.',
      )
  }

  #warn(code: string, place: { line: number; column?: number }, message: string, hint: string): void {
    if (!this.warnings.has(code)) this.warnings.set(code, { code, message, hint, line: place.line, column: place.column ?? 1 })
  }
}

/** Of FreeBSD, which the schedules' own do not have. */
const MORE_MACROS: Record<string, string> = { '@every_minute': '* * * * *' }

/** Of a character of the expression, in which one blank stands between the words. */
function columnOf(words: readonly Word[], offset: number): number {
  let start = 0
  for (const { text, column } of words) {
    if (offset <= start + text.length) return column + Math.max(0, offset - start)
    start += text.length + 1
  }
  return (words[0] as Word).column
}
