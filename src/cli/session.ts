import { type Client, connect, MainspringError, RequestRefused, Unreachable } from '@mainspring/sdk'
import type { Command } from 'commander'
import { type Config, type ConfigSources, loadConfig, SETTINGS, type SettingName } from '../server/config.ts'
import { Refusal, type RefusalFacts } from '../server/refusal.ts'
import { devSessionUrl } from './dev/session-file.ts'
import { factsOf, problemText } from './output/problem.ts'
import type { Look } from './output/runs.ts'
import { EXIT, type ExitCode, type Terminal } from './terminal.ts'

/** What an action of a verb gets: the terminal, the configuration that its flags led to, and whether people or a program read along. */
export class Session {
  readonly terminal: Terminal
  readonly config: Config
  readonly json: boolean
  #client: Client | null = null

  constructor(terminal: Terminal, config: Config, json: boolean) {
    this.terminal = terminal
    this.config = config
    this.json = json
  }

  /** The server of this configuration. A command says at once that nobody answers, rather than to go on trying: a person can try again. */
  get client(): Client {
    const { url, apiKey, namespace } = this.config.settings
    this.#client ??= connect({ url, namespace, retryFor: 0, ...(apiKey && { apiKey }) })
    return this.#client
  }

  get look(): Look {
    return { paint: this.terminal.paint, now: this.terminal.now() }
  }

  /** Prints the same as a table for people and as data for programs. */
  show<Data>(data: Data, text: (data: Data) => string): void {
    this.terminal.out(this.json ? JSON.stringify(data, null, 2) : text(data))
  }

  /** Prints one of many things that come one by one: a JSON document a line for programs. */
  showLine(data: unknown, text: string): void {
    this.terminal.out(this.json ? JSON.stringify(data) : text)
  }

  async close(): Promise<void> {
    await this.#client?.close()
  }
}

export type Flags = Record<string, unknown>
export type Action = (session: Session, given: readonly string[], flags: Flags) => Promise<ExitCode | undefined>

const CALLING: readonly SettingName[] = ['url', 'apiKey', 'namespace']

/** Adds the flags of these settings, and `--config`. */
export function withSettings(command: Command, names: readonly SettingName[]): Command {
  for (const name of names) command.option(SETTINGS[name].flag, SETTINGS[name].about)
  return command.option('--config <file>', 'another file than mainspring.yaml')
}

/** A verb that talks to a server: its flags, `--json`, an example in its help, and what it does. */
export function calling(command: Command, terminal: Terminal, example: string, action: Action): Command {
  return acting(withSettings(command, CALLING).option('--json', 'print data instead of tables'), terminal, example, action)
}

/** Any verb: runs the action with its session, and remembers the exit code. */
export function acting(command: Command, terminal: Terminal, example: string, action: Action, defaults?: ConfigSources['defaults']): Command {
  return command.addHelpText('after', `\nExample:\n  $ ${example}`).action(async () => {
    const flags = command.optsWithGlobals<Flags>()
    const session = new Session(terminal, configOf(terminal, flags, defaults), flags.json === true)
    try {
      exitCodes.set(command, (await action(session, command.args, flags)) ?? EXIT.done)
    } finally {
      await session.close()
    }
  })
}

/** The code with which the command that ran wants to end. */
export function exitCodeOf(program: Command): ExitCode {
  const codes = [program, ...descendants(program)].map(command => exitCodes.get(command))
  return codes.find(code => code !== undefined) ?? EXIT.done
}
const exitCodes = new WeakMap<Command, ExitCode>()

function descendants(command: Command): Command[] {
  return command.commands.flatMap(child => [child, ...descendants(child)])
}

export function configOf(terminal: Terminal, flags: Flags, defaults?: ConfigSources['defaults']): Config {
  const given: { [Name in SettingName]?: string } = {}
  for (const name of Object.keys(SETTINGS) as SettingName[]) {
    const value = flags[flagProperty(name)]
    if (typeof value === 'string') given[name] = value
  }
  const dev = devSessionUrl(terminal.directory)
  return loadConfig({
    flags: given,
    environment: terminal.environment,
    directory: terminal.directory,
    file: typeof flags.config === 'string' ? flags.config : undefined,
    defaults: { ...(dev && { url: { value: dev, origin: 'the dev session of this directory' } }), ...defaults },
  })
}

/** Commander's name of a flag's value: `--log-level <level>` is `logLevel`. */
function flagProperty(name: SettingName): string {
  const flag = SETTINGS[name].flag.split(' ')[0] as string
  return flag.slice(2).replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}

/** What an error is to a person, and the exit code that it ends with. Null: it is none of the user's, a bug of ours. */
export function refusalOf(error: unknown): { facts: RefusalFacts; exit: ExitCode; data: unknown } | null {
  if (error instanceof Refusal) return { facts: error.facts, exit: error.exit, data: error.facts }
  if (error instanceof RequestRefused) return { facts: factsOf(error.problem), exit: exitOfStatus(error.status), data: error.problem }
  if (error instanceof Unreachable) {
    const cause = error.cause as NodeJS.ErrnoException | undefined
    const facts = {
      code: error.code,
      place: error.url,
      title: `Nobody answers${cause?.code ? ` (${cause.code})` : ''}.`,
      hint: 'Start a server with "mainspring dev" or "mainspring server", or name another with --url.',
    }
    return { facts, exit: EXIT.unreachable, data: facts }
  }
  if (error instanceof MainspringError) {
    const facts = { code: error.code, title: error.message, ...(error.at && { place: error.at }) }
    return { facts, exit: EXIT.refused, data: facts }
  }
  return null
}

function exitOfStatus(status: number): ExitCode {
  if (status === 401 || status === 403) return EXIT.notAllowed
  if (status === 429 || status >= 500) return EXIT.unreachable
  return EXIT.refused
}

/** Prints an error and answers the exit code. A stack is printed only for bugs of ours, since nobody else could do anything about them. */
export function printError(terminal: Terminal, error: unknown, json: boolean): ExitCode {
  const refusal = refusalOf(error)
  if (refusal) {
    terminal.error(json ? JSON.stringify({ error: refusal.data }, null, 2) : problemText(refusal.facts))
    return refusal.exit
  }
  const title = error instanceof Error ? error.message : String(error)
  terminal.error(
    problemText({
      code: 'internal',
      title: `Something went wrong in mainspring itself: ${title}`,
      hint: 'MAINSPRING_DEBUG=1 shows where; please report it.',
    }),
  )
  if (terminal.environment.MAINSPRING_DEBUG && error instanceof Error && error.stack) terminal.error(error.stack)
  return EXIT.failed
}
