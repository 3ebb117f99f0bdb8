import type { WireLimitDetail, WireLimitSet, WireLimits } from '@mainspring/sdk'
import type { Command } from 'commander'
import { Refusal } from '../server/refusal.ts'
import { integerArgument, textFlag } from './arguments.ts'
import { limitsTable, limitText } from './output/limits.ts'
import { calling, type Flags, type Session } from './session.ts'
import type { Terminal } from './terminal.ts'

/** `mainspring limits …` and `mainspring sequence …`. */
export function addLimitVerbs(program: Command, terminal: Terminal): void {
  const limits = program.command('limits').description('limits: how many at once and how many in a window, who holds them, and changing them')
  calling(limits.command('ls').description('all limits, those of code and those of operators'), terminal, 'mainspring limits ls', listLimits)
  const show = limits
    .command('show')
    .description('a limit, its keys, the fullest first, and the runs that hold it')
    .argument('<name>')
    .option('--key <key>', 'this key alone')
  calling(show, terminal, 'mainspring limits show resize/user --key u17', showLimit)

  const set = limits
    .command('set')
    .description("change a limit of code, or set one of an operator's own, which is on a queue, a definition, a pool or the namespace")
    .argument('<name>')
    .option('--concurrency <number>', 'so many at once; 0 stops all')
    .option('--rate <number>', 'so many in any window of --every; 0 stops all')
    .option('--every <duration>', 'such as 1m; 1ms to 366d')
    .option('--queue <queue>', 'on this queue')
    .option('--definition <definition>', 'on this definition')
    .option('--pool', 'on the pool of this name, which definitions share')
    .option('--namespace-wide', 'on everything in the namespace')
    .option('--per <path>', 'each value at this path of the input by itself, such as user')
  calling(set, terminal, 'mainspring limits set warehouse --pool --concurrency 10', setLimit)

  const reset = limits.command('reset').description("remove what an operator has set: the code's limit is in force again, or none").argument('<name>')
  calling(reset, terminal, 'mainspring limits reset warehouse', async (session, [name = '']) => {
    await session.client.call('limits.reset', { name })
    session.show({ limit: name, reset: true }, () => `limit "${name}" is as the code has it, if any has.`)
    return undefined
  })

  const sequence = program.command('sequence').description('sequences: one run at a time for each key, in order')
  const resume = sequence
    .command('resume')
    .description('go on with the next run of a sequence that stopped at a failed one')
    .argument('<definition>')
    .argument('<key>')
  calling(resume, terminal, 'mainspring sequence resume ship order-17', async (session, [definition = '', key = '']) => {
    await session.client.call('sequences.resume', { name: definition }, { key }, { callKey: session.client.newId() })
    session.show({ definition, key, resumed: true }, () => `sequence "${key}" of "${definition}" goes on.`)
    return undefined
  })
}

async function listLimits(session: Session): Promise<undefined> {
  const answer = await session.client.call<WireLimits>('limits.list', {})
  session.show(answer, ({ limits }) => limitsTable(limits, session.look.now))
  return undefined
}

async function showLimit(session: Session, [name = '']: readonly string[], flags: Flags): Promise<undefined> {
  const limit = await session.client.call<WireLimitDetail>('limits.get', { name })
  const key = textFlag(flags.key)
  const shown = key === undefined ? limit : { ...limit, byKey: limit.byKey.filter(one => one.key === key) }
  session.show(shown, one => limitText(one, session.look))
  return undefined
}

async function setLimit(session: Session, [name = '']: readonly string[], flags: Flags): Promise<undefined> {
  const limit = await session.client.call<WireLimitDetail>('limits.set', { name }, settingsOf(flags))
  session.show(limit, one => limitText(one, session.look))
  return undefined
}

/** What is missing or together in vain the server says. */
function settingsOf(flags: Flags): WireLimitSet {
  const number = (flag: string): number | undefined => {
    const text = textFlag(flags[flag])
    return text === undefined ? undefined : integerArgument(text, `--${flag}`, 0, 1_000_000)
  }
  const [queue, definition] = [textFlag(flags.queue), textFlag(flags.definition)]
  const targets = [
    ...(queue === undefined ? [] : [{ queue }]),
    ...(definition === undefined ? [] : [{ definition }]),
    ...(flags.pool === true ? (['pool'] as const) : []),
    ...(flags.namespaceWide === true ? (['namespace'] as const) : []),
  ]
  if (targets.length > 1)
    throw new Refusal({ code: 'usage', title: 'A limit is on one thing.', hint: 'One of --queue, --definition, --pool and --namespace-wide.' })
  const settings = {
    on: targets[0],
    per: textFlag(flags.per),
    concurrency: number('concurrency'),
    rate: number('rate'),
    every: textFlag(flags.every),
  }
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as WireLimitSet
}
