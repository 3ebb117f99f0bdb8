import { BlockList, isIP } from 'node:net'
import { invalidOption } from '../attempt.ts'

/** Addresses that requests may go to beside public ones: networks (`'10.1.0.0/16'`), addresses, names (`'internal.example'`, `'*.internal.example'`); or `'any'`. */
export type Allowed = 'any' | readonly string[]

export interface AddressPolicy {
  /** Null: it may be connected to. Else what kind of address it is. `host` is the name that led to it. */
  refusal(host: string, address: string): string | null
}

/** @throws InvalidOption with the place. */
export function addressPolicy(allow: Allowed = []): AddressPolicy {
  if (allow === 'any') return { refusal: (_, address) => (isIP(address) === 0 ? NO_ADDRESS : null) }
  if (!Array.isArray(allow)) throw invalidOption('/allow', allow, "'any', or a list such as ['10.1.0.0/16', 'internal.example']")
  const networks = new BlockList()
  const names: string[] = []
  for (const [index, entry] of (allow as readonly string[]).entries()) add(entry, `/allow/${index}`, networks, names)
  return {
    refusal(host, address) {
      if (isIP(address) === 0) return NO_ADDRESS
      if (isIP(host) === 0 && names.some(name => matches(host, name))) return null
      return refusalOf(bytesOf(address), networks)
    },
  }
}

const NO_ADDRESS = 'not an address'

/** Not public, by the registries of special-purpose addresses of IANA (IPv4: RFC 6890 and its updates). */
const REFUSED_4: readonly [network: string, prefix: number, kind: string][] = [
  ['0.0.0.0', 8, 'unspecified'],
  ['10.0.0.0', 8, 'private'],
  ['100.64.0.0', 10, 'shared (carrier-grade NAT)'],
  ['127.0.0.0', 8, 'loopback'],
  ['169.254.0.0', 16, 'link-local (cloud metadata)'],
  ['172.16.0.0', 12, 'private'],
  ['192.0.0.0', 24, 'reserved'],
  ['192.0.2.0', 24, 'documentation'],
  ['192.88.99.0', 24, 'reserved'],
  ['192.168.0.0', 16, 'private'],
  ['198.18.0.0', 15, 'benchmark'],
  ['198.51.100.0', 24, 'documentation'],
  ['203.0.113.0', 24, 'documentation'],
  ['224.0.0.0', 4, 'multicast'],
  ['240.0.0.0', 4, 'reserved'],
]
/** Of IPv6 only global unicast, 2000::/3, is public; the named ones are told by name. */
const REFUSED_6: readonly [network: string, prefix: number, kind: string][] = [
  ['::', 128, 'unspecified'],
  ['::1', 128, 'loopback'],
  ['64:ff9b:1::', 48, 'private (NAT64)'],
  ['2001::', 23, 'reserved'],
  ['2001:db8::', 32, 'documentation'],
  ['3fff::', 20, 'documentation'],
  ['fc00::', 7, 'private (unique local)'],
  ['fe80::', 10, 'link-local'],
  ['fec0::', 10, 'private (site-local)'],
  ['ff00::', 8, 'multicast'],
]

function listOf(network: string, prefix: number): BlockList {
  const list = new BlockList()
  list.addSubnet(network, prefix, isIP(network) === 4 ? 'ipv4' : 'ipv6')
  return list
}
const KINDS_4 = REFUSED_4.map(([network, prefix, kind]) => ({ list: listOf(network, prefix), kind }))
const KINDS_6 = REFUSED_6.map(([network, prefix, kind]) => ({ list: listOf(network, prefix), kind }))

/** An IPv6 address that carries one of IPv4 leads to that one: it must be allowed itself. */
const CARRIERS: readonly { prefix: readonly number[]; bits: number; at: number }[] = [
  { prefix: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff], bits: 96, at: 12 }, // ::ffff:0:0/96, mapped
  { prefix: [0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0], bits: 96, at: 12 }, // ::ffff:0:0:0/96, translated (SIIT)
  { prefix: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], bits: 96, at: 12 }, // ::/96, compatible
  { prefix: [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0], bits: 96, at: 12 }, // 64:ff9b::/96, NAT64
  { prefix: [0x20, 0x02], bits: 16, at: 2 }, // 2002::/16, 6to4
]

function refusalOf(bytes: readonly number[], allowed: BlockList): string | null {
  const address = textOf(bytes)
  const family = bytes.length === 4 ? 'ipv4' : 'ipv6'
  if (allowed.check(address, family)) return null
  if (family === 'ipv4') return KINDS_4.find(({ list }) => list.check(address, 'ipv4'))?.kind ?? null
  const named = KINDS_6.find(({ list }) => list.check(address, 'ipv6'))?.kind
  if (named !== undefined) return named
  const carrier = CARRIERS.find(({ prefix }) => prefix.every((byte, index) => bytes[index] === byte))
  if (carrier) return refusalOf(bytes.slice(carrier.at, carrier.at + 4), allowed)
  return (bytes[0] as number) >> 5 === 1 ? null : 'reserved'
}

function add(entry: string, at: string, networks: BlockList, names: string[]): void {
  const hint = "a network such as '10.1.0.0/16', an address, or a name such as 'internal.example' or '*.internal.example'"
  if (typeof entry !== 'string') throw invalidOption(at, entry, hint)
  const [address = '', prefix, ...rest] = entry.split('/')
  const family = isIP(address)
  if (family !== 0 && rest.length === 0) {
    const most = family === 4 ? 32 : 128
    const bits = prefix === undefined ? most : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1
    if (bits < 0 || bits > most) throw invalidOption(at, entry, `the length of a prefix is from 0 to ${most}`)
    networks.addSubnet(textOf(bytesOf(address)), bits, family === 4 ? 'ipv4' : 'ipv6')
  } else if (/^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i.test(entry)) names.push(entry.toLowerCase())
  else throw invalidOption(at, entry, hint)
}

function matches(host: string, name: string): boolean {
  const plain = host.toLowerCase().replace(/\.$/, '')
  return name.startsWith('*.') ? plain.endsWith(name.slice(1)) : plain === name
}

/** 4 or 16 bytes of what `isIP` accepts. */
function bytesOf(address: string): number[] {
  const plain = address.replace(/%.*$/, '')
  if (isIP(plain) === 4) return plain.split('.').map(Number)
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(plain)
  const groupsText = dotted ? dotted[1] + tailOf(dotted[2] as string) : plain
  const [before = '', after] = groupsText.split('::')
  const [first, last] = [groupsOf(before), groupsOf(after ?? '')]
  const middle = Array<number>(after === undefined ? 0 : 8 - first.length - last.length).fill(0)
  return [...first, ...middle, ...last].flatMap(group => [group >> 8, group & 0xff])
}

function groupsOf(text: string): number[] {
  return text === '' ? [] : text.split(':').map(group => Number.parseInt(group, 16))
}

function tailOf(dotted: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = dotted.split('.').map(Number)
  return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
}

function textOf(bytes: readonly number[]): string {
  if (bytes.length === 4) return bytes.join('.')
  return Array.from({ length: 8 }, (_, index) => (((bytes[index * 2] as number) << 8) | (bytes[index * 2 + 1] as number)).toString(16)).join(':')
}
