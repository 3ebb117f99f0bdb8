import { expect, test } from 'vitest'
import { addressOf, type Connection, connectionOf, isSensitive } from './connection.ts'

// Airflow, "Managing Connections", "URI format": my-conn-type://login:password@host:port/schema?param1=val1&param2=val2.
test.each<[string, Connection]>([
  [
    'my-conn-type://my-login:my-password@my-host:5432/my-schema?param1=val1&param2=val2',
    {
      type: 'my_conn_type',
      host: 'my-host',
      port: 5432,
      login: 'my-login',
      password: 'my-password',
      schema: 'my-schema',
      extra: { param1: 'val1', param2: 'val2' },
    },
  ],
  // "Handling of special characters": a slash in a password is percent-encoded.
  ['my-conn-type://scott:my%2Fpassword@my-host:5432', { type: 'my_conn_type', host: 'my-host', port: 5432, login: 'scott', password: 'my/password' }],
  ['aws://?region_name=eu-west-1', { type: 'aws', extra: { region_name: 'eu-west-1' } }],
  // "If it is not a flat dict of texts": __extra__.
  [
    'postgres://:@db/?__extra__=%7B%22pool%22%3A+%7B%22size%22%3A+5%7D%7D'.replace(':@', ''),
    { type: 'postgres', host: 'db', extra: { pool: { size: 5 } } },
  ],
  ['http://https%3A%2F%2Fexample.org', { type: 'http', host: 'https://example.org' }],
  ['redis://:p%40ss@[::1]:6379/0', { type: 'redis', host: '::1', port: 6379, password: 'p@ss', schema: '0' }],
])('%s', (address, connection) => {
  expect(connectionOf(address)).toEqual(connection)
  expect(connectionOf(addressOf(connection))).toEqual(connection)
})

test.each(['', 'postgres', 'postgres:db', '//host', 'postgres://h:99999', 'postgres://%zz@h', 'x://h?__extra__=[1]', 'x://h?__extra__={'])(
  '%j is none',
  address => expect(connectionOf(address)).toBeNull(),
)

// Airflow, "Masking sensitive data": these words anywhere in a name, whatever their case.
test.each([
  ['DB_PASSWORD', true],
  ['my_api_key', true],
  ['slackToken', true],
  ['keyfile_dict', true],
  ['bucket', false],
])('%s is sensitive: %s', (name, sensitive) => expect(isSensitive(name)).toBe(sensitive))
