import type { WireAsset, WireAssetDetail, WireAssets, WirePartitionState, WirePartitions } from '@mainspring/sdk'
import type { Command } from 'commander'
import { Refusal } from '../server/refusal.ts'
import { collect, integerArgument, jsonArgument, listFlag, textFlag, wordArgument } from './arguments.ts'
import { assetsText, assetText, emittedText, partitionsText } from './output/assets.ts'
import { calling, type Flags, type Session } from './session.ts'
import type { Terminal } from './terminal.ts'

const STATES = ['missing', 'made', 'failed'] as const
const EVERY = ['hour', 'day', 'week', 'month'] as const
const PAGE = 1_000

/** `mainspring asset …`: what tasks make and schedules wait for. */
export function addAssetVerbs(program: Command, terminal: Terminal): void {
  const asset = program.command('asset').description('assets: what tasks make and schedules wait for')
  const verb = (name: string, about: string): Command => asset.command(name).description(about).argument('<name>')

  calling(asset.command('ls').description('all assets, by name'), terminal, 'mainspring asset ls', async session => {
    session.show({ assets: await allAssets(session) }, ({ assets }) => assetsText(assets, session.look))
    return undefined
  })
  const show = verb('show', 'an asset: its last events, who makes it, what waits for it')
  calling(show, terminal, 'mainspring asset show s3://sales', async (session, [name = '']) => {
    session.show(await session.client.call<WireAssetDetail>('assets.get', { name }), answer => assetText(answer, session.look))
    return undefined
  })
  const partitions = verb('partitions', 'how its partitions stand, the latest first')
    .option('--state <state>', `${STATES.join(', ')} (repeatable)`, collect)
    .option('--from <time>', 'from the one on that this time is in, as ISO 8601 with its offset')
    .option('--until <time>', 'up to the one that this time is in (default: now)')
    .option('--limit <number>', 'rows at most, 1 to 1000', '50')
  calling(partitions, terminal, 'mainspring asset partitions s3://sales --state missing', showPartitions)
  const emit = verb('emit', 'say that it was made anew: what waits for it is told')
    .option('--partition <key>', 'which part of it')
    .option('--extra <json>', 'what it says beside, up to 2,048 characters of JSON')
    .option('--key <key>', 'the same key again makes no second event')
  calling(emit, terminal, `mainspring asset emit s3://sales --partition 2026-11-29 --extra '{"rows":12}'`, emitEvent)
  const set = verb('set', 'say what it is and how it is cut; what is not named stays')
    .option('--description <text>', 'for people')
    .option('--every <span>', `cut by time: ${EVERY.join(', ')}`)
    .option('--start <date>', 'the local date of the first, as YYYY-MM-DD')
    .option('--timezone <zone>', 'of these (default: UTC)')
    .option('--key <key>', 'cut by keys (repeatable)', collect)
    .option('--uncut', 'not cut at all')
    .option('--watermark <json>', 'how far it has come (null: it begins anew)')
  calling(set, terminal, 'mainspring asset set s3://sales --every day --start 2026-01-01 --timezone Europe/Berlin', setAsset)
}

async function allAssets({ client }: Session): Promise<WireAsset[]> {
  const all: WireAsset[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query = { limit: String(PAGE), ...(cursor !== '' && { cursor }) }
    const page: WireAssets = await client.call<WireAssets>('assets.list', {}, undefined, { query })
    all.push(...page.assets)
    cursor = page.next
  }
  return all
}

async function showPartitions(session: Session, [name = '']: readonly string[], flags: Flags): Promise<undefined> {
  const [from, until] = [textFlag(flags.from), textFlag(flags.until)]
  const state = listFlag(flags.state).map((text): WirePartitionState => wordArgument(text, '--state', STATES))
  const limit = integerArgument(String(flags.limit), '--limit', 1, 1_000)
  const filter = { limit, ...(state.length > 0 && { state }), ...(from !== undefined && { from }), ...(until !== undefined && { until }) }
  session.show(await session.client.assets.partitions(name, filter), answer => partitionsText(answer, session.look))
  return undefined
}

async function emitEvent(session: Session, [name = '']: readonly string[], flags: Flags): Promise<undefined> {
  const [partition, extra, key] = [textFlag(flags.partition), textFlag(flags.extra), textFlag(flags.key)]
  const event = {
    ...(partition !== undefined && { partition }),
    ...(extra !== undefined && { extra: jsonArgument(extra, '--extra') }),
    ...(key !== undefined && { key }),
  }
  session.show(await session.client.assets.emit(name, event), answer => emittedText(name, answer))
  return undefined
}

async function setAsset(session: Session, [name = '']: readonly string[], flags: Flags): Promise<undefined> {
  const description = textFlag(flags.description)
  const partitions = partitionsOf(flags)
  const watermark = textFlag(flags.watermark)
  const change = {
    ...(description !== undefined && { description }),
    ...(partitions !== undefined && { partitions }),
    ...(watermark !== undefined && { watermark: jsonArgument(watermark, '--watermark') }),
  }
  if (Object.keys(change).length === 0)
    throw new Refusal({
      code: 'invalid-option',
      place: 'asset set',
      title: 'Nothing is to be set.',
      hint: 'Say --description, --every, --key, --uncut or --watermark.',
    })
  session.show({ name, changed: await session.client.assets.set(name, change) }, ({ changed }) => `${name}: ${changed}.`)
  return undefined
}

function partitionsOf(flags: Flags): WirePartitions | null | undefined {
  const [every, start, timezone] = [textFlag(flags.every), textFlag(flags.start), textFlag(flags.timezone)]
  const keys = listFlag(flags.key)
  const ways = [every !== undefined && '--every', keys.length > 0 && '--key', flags.uncut === true && '--uncut'].filter(way => way !== false)
  if (ways.length > 1)
    throw new Refusal({
      code: 'invalid-option',
      place: ways[1] as string,
      title: `${ways.join(' and ')} say two things: how it is cut.`,
      hint: 'Give one.',
    })
  if (flags.uncut === true) return null
  if (keys.length > 0) return { keys }
  if (every === undefined) return undefined
  if (start === undefined)
    throw new Refusal({
      code: 'invalid-option',
      place: '--start',
      title: 'It is not said when the first one begins.',
      hint: 'Say --start 2026-01-01.',
    })
  return { every: wordArgument(every, '--every', EVERY), start, ...(timezone !== undefined && { timezone }) }
}
