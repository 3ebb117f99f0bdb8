import { expect, test } from 'vitest'
import { formatOfPath, formatOfText } from './files.ts'

test.each([
  ['schedules.yaml', 'yaml'],
  ['a/b.YML', 'yaml'],
  ['a.json', 'yaml'],
  ['crontab', 'crontab'],
  ['/etc/crontab', 'crontab'],
  ['crontab.old', 'crontab'],
  ['web.crontab', 'crontab'],
  ['/etc/cron.d/php', 'crontab'],
  ['/etc/cron.d/php.dpkg-dist', null],
  ['/var/spool/cron/crontabs/ana', 'crontab'],
  ['-', null],
  ['README.md', null],
])('the name %s is that of %s', (path, format) => expect(formatOfPath(path)).toBe(format))

test.each([
  ['# m h dom\n\n0 2 * * * backup', 'crontab'],
  ['*/5\t* * * * x', 'crontab'],
  ['@daily x', 'crontab'],
  ['-@hourly x', 'crontab'],
  ['MAILTO=ana\n', 'crontab'],
  ['\uFEFFSHELL = /bin/sh\n', 'crontab'],
  ['~ 2 * * mon x', 'crontab'],
  ['schedules:\n', 'yaml'],
  ['# a\n---\nschedules: {}\n', 'yaml'],
  ['{"schedules":{}}', 'yaml'],
  ['x-a: &a { b: c=d }\n', 'yaml'],
  ['schedules: { "a=b": {} }', 'yaml'],
  ['0: a b c d e f', 'yaml'],
  ['', 'yaml'],
])('%j is %s', (text, format) => expect(formatOfText(text)).toBe(format))
