import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { type ConfigSources, isLoopback, loadConfig, type SettingName, urlOf } from './config.ts'

const directory = mkdtempSync(join(tmpdir(), 'mainspring-config-'))
afterAll(() => rmSync(directory, { recursive: true }))

let files = 0
function sources(yaml: string | null, rest: ConfigSources = {}): ConfigSources {
  if (yaml === null) return { directory, ...rest }
  const file = `file-${++files}.yaml`
  writeFileSync(join(directory, file), yaml)
  return { directory, file, ...rest }
}

test.each<[name: SettingName, given: [yaml: string | null, rest?: ConfigSources], value: unknown, origin: string | RegExp]>([
  // nothing is needed
  ['database', [null], join(directory, '.mainspring/mainspring.db'), 'default'],
  ['host', [null], '127.0.0.1', 'default'],
  ['port', [null], 7575, 'default'],
  ['apiKey', [null], null, 'not set'],
  ['url', [null], 'http://127.0.0.1:7575', 'host and port'],
  ['leaseMs', [null], 15_000, 'default'],
  // each layer wins over the ones below it
  ['port', ['port: 1'], 1, /^file-\d+\.yaml:1:7$/],
  ['port', ['port: 1', { environment: { MAINSPRING_PORT: '2' } }], 2, 'MAINSPRING_PORT'],
  ['port', ['port: 1', { environment: { MAINSPRING_PORT: '2' }, flags: { port: '3' } }], 3, '--port'],
  ['port', ['port: 1', { environment: { MAINSPRING_PORT: '' } }], 1, /yaml/],
  ['port', [null, { flags: { port: undefined } }], 7575, 'default'],
  ['database', [null, { defaults: { database: { value: 'dev.db', origin: 'dev' } } }], join(directory, 'dev.db'), 'dev'],
  // values take their forms
  ['port', [null, { flags: { port: '0' } }], 0, '--port'],
  ['database', [null, { flags: { database: 'memory:' } }], 'memory:', '--database'],
  ['database', [null, { flags: { database: 'sqlite:a/b.db' } }], join(directory, 'a/b.db'), '--database'],
  ['database', [null, { flags: { database: 'sqlite:///a/b.db' } }], '/a/b.db', '--database'],
  ['database', [null, { flags: { database: 'postgres://h/d' } }], 'postgres://h/d', '--database'],
  ['url', [null, { flags: { url: 'https://x.example/' } }], 'https://x.example', '--url'],
  ['url', [null, { flags: { host: '0.0.0.0', port: '80' } }], 'http://127.0.0.1:80', 'host and port'],
  ['leaseMs', ['lease: 1m 30s'], 90_000, /yaml/],
  ['logLevel', ['# only a comment\nlogLevel: warn\n'], 'warn', /:2:11$/],
  ['host', ['host:\n'], '127.0.0.1', 'default'],
])('%s from %j is %j, from %s', (name, [yaml, rest], value, origin) => {
  const config = loadConfig(sources(yaml, rest))
  expect(config.settings[name]).toEqual(value)
  expect(config.origins[name]).toEqual(typeof origin === 'string' ? origin : expect.stringMatching(origin))
})

test.each<[given: [yaml: string | null, rest?: ConfigSources], message: RegExp]>([
  [['databse: x.db'], /^file-\d+\.yaml:1:1: There is no setting "databse"\. Did you mean "database"\? \[config-unknown-key\]$/],
  [['host: a\nzzzzzz: 1'], /yaml:2:1: There is no setting "zzzzzz"\. Settings: database, host, port/],
  [['port: [1]'], /yaml:1:1: port: found a list or a map, expected one value\. \[config-invalid\]/],
  [['- a'], /yaml:1:1: Expected "key: value" lines/],
  [['port: {'], /yaml:1:\d+: This is not valid YAML: .*\[config-not-yaml\]/],
  [['port: 1\nport: 2'], /not valid YAML: Map keys must be unique/],
  [['port: 70000'], /yaml:1:7: port: found "70000", expected a whole number from 0 to 65535\. \[config-invalid\]/],
  [[null, { environment: { MAINSPRING_PORT: 'x' } }], /^MAINSPRING_PORT: port: found "x"/],
  [[null, { flags: { logLevel: 'wran' } }], /^--log-level: .* Did you mean warn\?/],
  [
    [null, { flags: { database: 'mysql://x' } }],
    /^--database: database: found "mysql:\/\/x", expected a path, sqlite:FILE, postgres:\/\/… or memory:/,
  ],
  [[null, { flags: { lease: '1ms' } as never, environment: { MAINSPRING_LEASE: '1ms' } }], /^MAINSPRING_LEASE: lease: found "1ms"/],
  [[null, { flags: { apiKey: 'two words' } }], /^--api-key: apiKey: expected a key/],
  [[null, { flags: { url: 'ftp://x' } }], /^--url: url: found "ftp:\/\/x"/],
  [[null, { file: 'none.yaml' }], /^none\.yaml: There is no such file\. \[config-missing\]/],
])('%j is refused: %s', ([yaml, rest], message) => {
  expect(() => loadConfig(sources(yaml, rest))).toThrow(message)
})

test.each([
  ['127.0.0.1', true, 'http://127.0.0.1:1'],
  ['127.8.0.1', true, 'http://127.8.0.1:1'],
  ['::1', true, 'http://[::1]:1'],
  ['localhost', true, 'http://localhost:1'],
  ['0.0.0.0', false, 'http://127.0.0.1:1'],
  ['::', false, 'http://[::1]:1'],
  ['10.0.0.1', false, 'http://10.0.0.1:1'],
])('%s is loopback: %s, called by %s', (host, loopback, url) => {
  expect(isLoopback(host)).toBe(loopback)
  expect(urlOf(host, 1)).toBe(url)
})
