import { InvalidOption } from '@mainspring/sdk'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Allowed, addressPolicy } from './addresses.ts'

const nothing = addressPolicy()

/** The first and last address of each network, and their neighbours that are public. Facts: IANA's registries of special-purpose addresses. */
const NOT_PUBLIC: [address: string, kind: string][] = [
  ['0.0.0.0', 'unspecified'],
  ['0.255.255.255', 'unspecified'],
  ['10.0.0.0', 'private'],
  ['10.255.255.255', 'private'],
  ['100.64.0.0', 'shared'],
  ['100.127.255.255', 'shared'],
  ['127.0.0.1', 'loopback'],
  ['127.255.255.255', 'loopback'],
  ['169.254.0.0', 'link-local'],
  ['169.254.169.254', 'link-local (cloud metadata)'],
  ['172.16.0.0', 'private'],
  ['172.31.255.255', 'private'],
  ['192.0.0.1', 'reserved'],
  ['192.0.2.1', 'documentation'],
  ['192.88.99.1', 'reserved'],
  ['192.168.0.0', 'private'],
  ['192.168.255.255', 'private'],
  ['198.18.0.0', 'benchmark'],
  ['198.19.255.255', 'benchmark'],
  ['198.51.100.9', 'documentation'],
  ['203.0.113.9', 'documentation'],
  ['224.0.0.1', 'multicast'],
  ['239.255.255.255', 'multicast'],
  ['240.0.0.0', 'reserved'],
  ['255.255.255.255', 'reserved'],
  ['::', 'unspecified'],
  ['::1', 'loopback'],
  ['::2', 'unspecified'],
  ['fc00::', 'unique local'],
  ['fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'unique local'],
  ['fd00:ec2::254', 'unique local'],
  ['fe80::1', 'link-local'],
  ['fe80::1%eth0', 'link-local'],
  ['febf::1', 'link-local'],
  ['fec0::1', 'site-local'],
  ['ff02::1', 'multicast'],
  ['100::1', 'reserved'],
  ['5f00::1', 'reserved'],
  ['2001::1', 'reserved'],
  ['2001:1ff::1', 'reserved'],
  ['2001:db8::1', 'documentation'],
  ['3fff:fff::1', 'documentation'],
  ['64:ff9b:1::1', 'NAT64'],
  ['4000::1', 'reserved'],
  // IPv4 inside IPv6, in each of its spellings
  ['::ffff:127.0.0.1', 'loopback'],
  ['::ffff:7f00:1', 'loopback'],
  ['0:0:0:0:0:ffff:a9fe:a9fe', 'link-local'],
  ['::ffff:0:10.0.0.1', 'private'],
  ['::10.0.0.1', 'private'],
  ['64:ff9b::127.0.0.1', 'loopback'],
  ['64:ff9b::a9fe:a9fe', 'link-local'],
  ['2002:7f00:1::', 'loopback'],
  ['2002:a9fe:a9fe::1', 'link-local'],
  ['2002:c0a8:101::c0a8:101', 'private'],
]
const PUBLIC = [
  ...['1.1.1.1', '8.8.8.8', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255', '128.0.0.0', '169.253.255.255'],
  ...[
    '169.255.0.0',
    '172.15.255.255',
    '172.32.0.0',
    '192.0.1.0',
    '192.167.255.255',
    '192.169.0.0',
    '198.17.255.255',
    '198.20.0.0',
    '223.255.255.255',
  ],
  ...['2606:4700:4700::1111', '2a00:1450:4001::1', '2001:200::1', '2001:4860:4860::8888', '::ffff:8.8.8.8', '64:ff9b::8.8.8.8', '2002:808:808::1'],
]

describe('without any allowance', () => {
  test.each(NOT_PUBLIC)('%s is refused: %s', (address, kind) => expect(nothing.refusal('example.org', address)).toContain(kind))
  test.each(PUBLIC)('%s may be connected to', address => expect(nothing.refusal('example.org', address)).toBeNull())

  // What a URL may call 127.0.0.1 and 169.254.169.254: the WHATWG parser knows them all.
  test.each(['127.1', '2130706433', '0x7f.1', '0177.0.0.1', '0x7f000001', '017700000001', '127.0.0.1.', '１２７.0.0.1', '2852039166', '0xA9FEA9FE'])(
    'the spelling %s leads to nothing public',
    host => expect(nothing.refusal('', new URL(`http://${host}/`).hostname)).not.toBeNull(),
  )

  test('any IPv4 address is judged the same in each form that carries it', () =>
    fc.assert(
      fc.property(fc.ipV4(), address => {
        const [a, b, c, d] = address.split('.').map(Number) as [number, number, number, number]
        const groups = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
        const judged = nothing.refusal('', address)
        for (const carrier of [`::ffff:${address}`, `::ffff:${groups}`, `64:ff9b::${groups}`, `2002:${groups}::1`])
          expect([carrier, nothing.refusal('', carrier)]).toEqual([carrier, judged])
      }),
    ))

  test('what is no address is refused', () =>
    fc.assert(
      fc.property(fc.string(), text => {
        fc.pre(!/^[\d.]+$|:/.test(text))
        expect(nothing.refusal('', text)).toBe('not an address')
      }),
    ))
})

test.each<[allow: Allowed, host: string, address: string, isAllowed: boolean]>([
  [['127.0.0.1/32'], 'a.b', '127.0.0.1', true],
  [['127.0.0.1/32'], 'a.b', '127.0.0.2', false],
  [['127.0.0.1'], 'a.b', '::ffff:127.0.0.1', true],
  [['127.0.0.1'], 'a.b', '::1', false],
  [['::1'], '::1', '::1', true],
  [['10.1.0.0/16'], 'a.b', '10.1.255.255', true],
  [['10.1.0.0/16'], 'a.b', '10.2.0.0', false],
  [['fd00::/8'], 'a.b', 'fd12::1', true],
  [['fd00::/8'], 'a.b', '10.0.0.1', false],
  [['0.0.0.0/0'], 'a.b', '169.254.169.254', true],
  [['internal.example'], 'internal.example', '10.0.0.1', true],
  [['internal.example'], 'INTERNAL.example.', '10.0.0.1', true],
  [['internal.example'], 'a.internal.example', '10.0.0.1', false],
  [['*.internal.example'], 'a.b.internal.example', '10.0.0.1', true],
  [['*.internal.example'], 'internal.example', '10.0.0.1', false],
  [['*.internal.example'], 'evilinternal.example', '10.0.0.1', false],
  [['localhost'], '127.0.0.1', '127.0.0.1', false],
  ['any', 'a.b', '169.254.169.254', true],
  ['any', 'a.b', 'a.b', false],
])('with %j, %s at %s: %s', (allow, host, address, isAllowed) => expect(addressPolicy(allow).refusal(host, address) === null).toBe(isAllowed))

test.each([
  ['127.0.0.1', '/allow'],
  [[''], '/allow/0'],
  [['a', '10.0.0.0/33'], '/allow/1'],
  [['10.0.0.0/-1'], '/allow/0'],
  [['10.0.0.0/8/8'], '/allow/0'],
  [['10.0.0/8'], '/allow/0'],
  [['fd00::/129'], '/allow/0'],
  [['http://a'], '/allow/0'],
  [['a.*'], '/allow/0'],
  [[5], '/allow/0'],
])('the allowance %j cannot be, at %s', (allow, at) => {
  expect(() => addressPolicy(allow as never)).toThrow(InvalidOption)
  expect(() => addressPolicy(allow as never)).toThrow(expect.objectContaining({ at }))
})
