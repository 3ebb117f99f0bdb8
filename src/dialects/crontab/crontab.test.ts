import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cpuMs } from '../../../test/support/cpu.ts'
import { splitCommand } from './command.ts'
import { CrontabError, type CrontabOptions, readCrontab } from './crontab.ts'
import { formOfPath } from './form.ts'

const read = (text: string, options: Partial<CrontabOptions> = {}) => readCrontab(text, { timezone: 'UTC', ...options })
const specs = (text: string, options: Partial<CrontabOptions> = {}) => read(text, options).schedules.map(({ spec }) => spec)
const only = (text: string, options: Partial<CrontabOptions> = {}) => {
  const [spec, ...more] = specs(text, options)
  expect(more).toEqual([])
  return spec!
}
const mistake = (text: string, options: Partial<CrontabOptions> = {}): string => {
  try {
    read(text, options)
  } catch (error) {
    if (error instanceof CrontabError) return error.message
    throw error
  }
  return 'none'
}

test('a line becomes a schedule that behaves as cron does: once, whatever else is open, and not later', () => {
  expect(only('5 0 * * *\t$HOME/bin/daily.job >> $HOME/tmp/out 2>&1\n')).toEqual({
    name: expect.stringMatching(/^daily-job-out-2-1-[0-9a-z]{6}$/),
    description: '5 0 * * *\t$HOME/bin/daily.job >> $HOME/tmp/out 2>&1',
    cron: '5 0 * * *',
    dialect: 'vixie',
    timezone: 'UTC',
    target: 'shell',
    input: { command: '$HOME/bin/daily.job >> $HOME/tmp/out 2>&1', shell: true },
    options: { retry: { attempts: 1 } },
    overlap: 'allow',
    catchup: 'none',
  })
})

describe('variables', () => {
  test.each([
    ['A=1', { A: '1' }],
    ['A = b c ', { A: 'b c' }],
    ['  A="b c "  ', { A: 'b c ' }],
    ['A=\'say "x"\'', { A: 'say "x"' }],
    ['"A B"=c', { 'A B': 'c' }],
    ['A=$HOME/bin:$PATH', { A: '$HOME/bin:$PATH' }],
    ['A=b # no comment', { A: 'b # no comment' }],
    ['A=it"s', { A: 'it"s' }],
    ['A=', { A: '' }],
    ['A=""', { A: '' }],
    ['A=b=c', { A: 'b=c' }],
    ['A=1\nA=2', { A: '2' }],
    ['LOGNAME=eve\nUSER=eve\nA=1', { A: '1' }],
    ['MAILTO=ana\nA=1', { MAILTO: 'ana', A: '1' }],
  ])('%j', (lines, env) => expect(only(`${lines}\n* * * * * x`).input.env).toEqual(env))

  test('count for what follows them, and only that', () => {
    const file = '0 1 * * * a\nX=1\nCRON_TZ=Europe/Berlin\n0 2 * * * b\nCRON_TZ=\nX=2\nRANDOM_DELAY=15\n0 3 * * * c\n'
    expect(specs(file, { timezone: 'Asia/Tokyo' }).map(({ timezone, jitter, input }) => [timezone, jitter, input.env])).toEqual([
      ['Asia/Tokyo', undefined, undefined],
      ['Europe/Berlin', undefined, { X: '1' }],
      ['Asia/Tokyo', '15m', { X: '2' }],
    ])
  })

  test('SHELL and HOME are where and by what a command runs', () => {
    expect(only('SHELL=/bin/bash\nHOME=/srv\n* * * * * x').input).toEqual({
      command: 'x',
      shell: '/bin/bash',
      env: { SHELL: '/bin/bash', HOME: '/srv' },
      cwd: '/srv',
    })
  })

  test("one behind other words is the command's own", () => expect(only('* * * * * A=1 x').input).toEqual({ command: 'A=1 x', shell: true }))
})

describe('percent signs', () => {
  test.each([
    ['date', 'date', undefined],
    ['date +\\%F', 'date +%F', undefined],
    ['cat%a%b', 'cat', 'a\nb\n'],
    ['cat%a%b%', 'cat', 'a\nb\n'],
    ['mail -s "It\'s 10pm" joe%Joe,%%Where are your kids?%', 'mail -s "It\'s 10pm" joe', 'Joe,\n\nWhere are your kids?\n'],
    ['cat%100\\% sure', 'cat', '100% sure\n'],
    ['cat%', 'cat', undefined],
    ['cat%%', 'cat', '\n'],
    ['echo \\\\%x', 'echo \\\\', 'x\n'],
    ['echo \\\\\\%x', 'echo \\\\%x', undefined],
    ['cat%a\\\\%b', 'cat', 'a\\%b\n'],
    ['echo \\n', 'echo \\n', undefined],
    ['echo \\', 'echo \\', undefined],
  ])('%j runs %j with %j', (text, command, stdin) => expect(splitCommand(text)).toEqual({ command, stdin }))

  const plain = fc.string({ unit: fc.constantFrom('a', '%', ' ', '"', 'é', '{'), maxLength: 20 })
  test('any text comes back when its percent signs are escaped as crontab(5) says', () => {
    fc.assert(
      fc.property(plain, fc.array(plain, { minLength: 1, maxLength: 4 }), (command, lines) => {
        const escaped = (text: string) => text.replaceAll('%', '\\%')
        const stdin = lines.join('\n')
        const expected = stdin === '' ? undefined : stdin.endsWith('\n') ? stdin : `${stdin}\n`
        expect(splitCommand([command, ...lines].map(escaped).join('%'))).toEqual({ command, stdin: expected })
      }),
    )
  })
})

test.each([
  ['@daily x', '@daily'],
  ['@Weekly\tx', '@weekly'],
  ['@every_minute x', '* * * * *'],
  ['  0  2\t*  jan-mar  MON,fri  x', '0 2 * jan-mar MON,fri'],
  ['-*/15 * * * * x', '*/15 * * * *'],
  ['- @hourly x', '- @hourly'],
  ['0 0 * * * x\r\n', '0 0 * * *'],
])('%j is meant for %j', (line, cron) => {
  if (line.startsWith('- ')) return expect(mistake(line)).not.toBe('none')
  expect([only(line).cron, only(line).input.command]).toEqual([cron, 'x'])
})

describe('random ranges', () => {
  test.each([
    ['~ * * * *', /^([0-9]|[1-5]\d) \* \* \* \*$/],
    ['10~12 ~ * * *', /^1[0-2] (\d|1\d|2[0-3]) \* \* \*$/],
    ['0~59/10 * * * *', /^\d-59\/10 \* \* \* \*$/],
    ['0 0 ~ jan~mar mon~fri', /^0 0 ([1-9]|1\d|2[0-8]) [1-3] [1-5]$/],
    ['5,30~ * * * *', /^5,([3-5]\d) \* \* \* \*$/],
    ['~5/60 * * * *', /^[0-5]-5\/60 \* \* \* \*$/],
  ])('%s', (times, cron) => expect(only(`${times} x`).cron).toMatch(cron))

  test('are the same whenever the file is read, and differ from command to command', () => {
    const minutes = (command: string) => only(`~ * * * * ${command}`).cron
    expect(minutes('x')).toBe(minutes('x'))
    expect(new Set(Array.from({ length: 50 }, (_, n) => minutes(`backup ${n}`))).size).toBeGreaterThan(20)
  })

  test.each(['50~10 * * * * x', '1~2~3 * * * * x', '~/0 * * * * x', '0 a~b * * * x', '*~5 * * * * x'])('%j is refused', line =>
    expect(mistake(line)).toMatch(/^1:\d+: "[^"]*" is no (minute|hour)\. A random one is/),
  )
})

describe('names', () => {
  test('do not depend on where a line stands, nor on what stands around it', () => {
    const moved = '# moved\nA=1\n0 3 * * * other\n\n0 2 * * *   /usr/bin/backup --all\n'
    expect(specs(moved)[1]!.name).toBe(only('0 2 * * * /usr/bin/backup --all').name)
  })
  test.each([
    ['/usr/bin/certbot -q renew', /^certbot-q-renew-[0-9a-z]{6}$/],
    ['cd / && run-parts --report /etc/cron.hourly', /^cd-run-parts-report-cron-hourly-[0-9a-z]{6}$/],
    ['"[ -x /a ]"', /^x-a-[0-9a-z]{6}$/],
    ['Ünïcode', /^n-code-[0-9a-z]{6}$/],
    [':', /^command-[0-9a-z]{6}$/],
    ['x'.repeat(300), /^x{40}-[0-9a-z]{6}$/],
  ])('of %j', (command, name) => expect(only(`* * * * * ${command}`).name).toMatch(name))

  test('of the same command at other times, with other input or as another user are others', () => {
    const file = '0 1 * * * root a\n0 2 * * * root a\n0 1 * * * root a%b\n0 1 * * * www-data a\n'
    expect(new Set(specs(file, { form: 'system' }).map(({ name }) => name)).size).toBe(4)
  })
  test('of the very same line twice are told apart, for cron runs it twice', () => {
    const [first, second] = specs('0 1 * * * a\n0 1 * * * a\n')
    expect(second!.name).toBe(`${first!.name}-2`)
  })
  test('may be given right above the line', () => {
    const file = '# nightly\n# name: backup\n0 1 * * * a\n# name: lost\n\n0 2 * * * b\n# Name: this is prose\n0 3 * * * c\n'
    expect(specs(file).map(({ name }) => name.replace(/-[0-9a-z]{6}$/, ''))).toEqual(['backup', 'b', 'c'])
  })
  test('cannot be given twice', () =>
    expect(mistake('# name: a\n0 1 * * * x\n# name: a\n0 2 * * * y')).toBe('3:1: There are two lines named "a". The other one is in line 2.'))
})

describe('the form', () => {
  test.each([
    ['/etc/crontab', 'system'],
    ['backup/etc/crontab', 'system'],
    ['/etc/cron.d/php', 'system'],
    ['/var/spool/cron/crontabs/ana', 'user'],
    ['crontab', null],
    ['examples/crontab', null],
  ])('of a file at %s is %s', (path, form) => expect(formOfPath(path)).toBe(form))

  test.each([
    ['0 1 * * * root a b\n0 2 * * * www-data c\n', 'system'],
    ['# m h dom mon dow user  command\n0 1 * * * deploy a\n', 'system'],
    ['0 1 * * * root a\n0 2 * * * backup.sh\n', 'user'],
    ['0 1 * * * backup\n', 'user'],
    ['# nothing\n', 'user'],
  ])('of %j is %s', (text, form) => expect(read(text).form).toBe(form))

  test('that is asked for wins', () => expect(only('0 1 * * * root a', { form: 'user', path: '/etc/crontab' }).input.command).toBe('root a'))
  test('of the system names the user', () =>
    expect(only('0 1 * * *\troot\t a b', { form: 'system' }).input).toMatchObject({ user: 'root', command: 'a b' }))
  test('of the BSDs has flags, of which one means something here', () =>
    expect(only('0 1 * * * -n -qs a b')).toMatchObject({ overlap: 'skip', input: { command: 'a b' } }))
})

test.each([
  [
    'hello world',
    '1:1: "hello world" is neither a command with its times nor a variable. Lines are: minute hour day month weekday command; or NAME=value; or # comment.',
  ],
  ['\n  0 1 * *', '2:3: "0 1 * *" has too few words. A line is: minute hour day month weekday command.'],
  ['0 1 * * *', '1:10: There is no command behind the times. A line is: minute hour day month weekday command.'],
  ['@daily', '1:7: There is no command behind the times. A line is: minute hour day month weekday command.'],
  ['0 0 1 * * * x', '1:11: "*" stands where the command should be. A crontab has five fields and no seconds: minute hour day month weekday command.'],
  ['A="b" c', '1:1: The value of A does not end where its quotes do. A value is put in one pair of quotes, or in none.'],
  ['0 1 * * * %x', '1:11: There is no command before the "%". What follows a "%" is the input of the command; "\\%" is a percent sign.'],
  ['RANDOM_DELAY=ten', '1:14: RANDOM_DELAY is "ten". It is a number of minutes, from 0 to 1440.'],
  ['HOME=~ana', '1:6: HOME is "~ana". cron expands nothing here: write the absolute path.'],
  ['SHELL = bash', '1:9: SHELL is "bash". cron expands nothing here: write the absolute path.'],
  [
    'START_HOURS_RANGE=3-22',
    '1:19: START_HOURS_RANGE is a setting of anacron, and its files have another form. Write each of its jobs as a line with times, or as a schedule in YAML.',
  ],
  ['0 1 * * * a\0b', '1:12: There is a NUL character here. A crontab is a text.'],
])('%j is refused where it is wrong', (text, message) => expect(mistake(text)).toBe(message))

test('a line of the system form without a user, or with one that cannot be, is refused', () => {
  expect(mistake('0 1 * * * backup', { form: 'system' })).toMatch(/^1:11: "backup" is the user here, and no command follows\./)
  expect(mistake('0 1 * * * /usr/bin/backup --all', { form: 'system' })).toMatch(/^1:11: "\/usr\/bin\/backup" is no name of a user\./)
})

test('what cron does and nobody does here is said once', () => {
  const file = 'MAILTO=ana\nTZ=Asia/Tokyo\n@reboot a\n0 1 * * * b\n0 2 * * * c\n@reboot d\n'
  const { schedules, warnings } = read(file)
  expect(schedules.map(({ line }) => line)).toEqual([4, 5])
  expect(warnings.map(({ code, line }) => [code, line])).toEqual([
    ['crontab-reboot', 3],
    ['crontab-mail', 1],
    ['crontab-tz', 2],
  ])
  expect(read('MAILTO=""\nTZ=Asia/Tokyo\nCRON_TZ=Asia/Tokyo\n0 1 * * * b\n').warnings).toEqual([])
  expect(read('0 1 * * * root a b\n0 2 * * * c d\n').warnings).toMatchObject([{ code: 'crontab-form', line: 1, column: 11 }])
})

test('a field is found again in the file', () => {
  const file = 'SHELL=/bin/bash\nCRON_TZ="Europe/Berln"\nRANDOM_DELAY = 5\n  0   2\t*  */70 *   www-data   x\n'
  const [{ placeOf }] = read(file, { form: 'system' }).schedules as [ReturnType<typeof read>['schedules'][number]]
  expect(
    [
      ['/cron', 0],
      ['/cron', 2],
      ['/cron', 8],
      ['/cron', 4],
      ['/timezone'],
      ['/jitter'],
      ['/input/shell'],
      ['/input/user'],
      ['/input/command'],
      [''],
    ].map(([pointer, offset]) => Object.values(placeOf(pointer as string, offset as number | undefined)).join(':')),
  ).toEqual(['4:3', '4:7', '4:14', '4:9', '2:10', '3:16', '1:7', '4:21', '4:32', '4:3'])
})

describe('real crontabs', () => {
  test("Debian's /etc/crontab", () => {
    const file = `# /etc/crontab: system-wide crontab
SHELL=/bin/sh
# You can also override PATH, but by default, newer versions inherit it from the environment
#PATH=/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin

# Example of job definition:
# .---------------- minute (0 - 59)
# |  .------------- hour (0 - 23)
# *  *  *  *  * user-name command to be executed
17 *	* * *	root	cd / && run-parts --report /etc/cron.hourly
25 6	* * *	root	test -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }
47 6	* * 7	root	test -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.weekly; }
52 6	1 * *	root	test -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.monthly; }
#
`
    expect(specs(file).map(({ cron, input }) => [cron, input])).toEqual([
      ['17 * * * *', { command: 'cd / && run-parts --report /etc/cron.hourly', shell: '/bin/sh', env: { SHELL: '/bin/sh' }, user: 'root' }],
      ['25 6 * * *', expect.objectContaining({ user: 'root', command: expect.stringMatching(/^test -x .*cron\.daily; \}$/) })],
      ['47 6 * * 7', expect.anything()],
      ['52 6 1 * *', expect.anything()],
    ])
  })

  test('cron.d/php and cron.d/certbot', () => {
    const php =
      '09,39 *     * * *     root   [ -x /usr/lib/php/sessionclean ] && if [ ! -d /run/systemd/system ]; then /usr/lib/php/sessionclean; fi\n'
    expect(only(php, { path: '/etc/cron.d/php' })).toMatchObject({
      cron: '09,39 * * * *',
      input: { user: 'root', command: expect.stringMatching(/^\[ -x/) },
    })
    const certbot = `SHELL=/bin/sh
PATH=/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin

0 */12 * * * root test -x /usr/bin/certbot -a \\! -d /run/systemd/system && perl -e 'sleep int(rand(43200))' && certbot -q renew --no-random-sleep-on-renew`
    expect(only(certbot, { path: '/etc/cron.d/certbot' })).toMatchObject({
      cron: '0 */12 * * *',
      input: { user: 'root', env: { PATH: expect.stringContaining('/sbin') }, command: expect.stringContaining('-a \\! -d') },
    })
  })

  test('a long one of a user', () => {
    const file = `MAILTO=""
PATH=/usr/local/bin:/usr/bin:/bin
CRON_TZ=America/New_York

# m h  dom mon dow   command
*/5 * * * * /home/deploy/bin/healthcheck >/dev/null 2>&1
0 3 * * 1-5 pg_dump -Fc shop > /backup/shop-$(date +\\%Y\\%m\\%d).dump
# name: rotate
@weekly find /backup -name '*.dump' -mtime +30 -delete
30 4 1,15 * 5 cd /srv/app && bin/console report:send --env=prod | mail -s "Report" ops@example.org%Hello,%%see below.
~ 2 * * SUN flock -n /tmp/lock rsync -a /data backup:/data
@reboot /home/deploy/bin/start
`
    const { form, schedules, warnings } = read(file)
    expect(form).toBe('user')
    expect(
      schedules.map(({ spec }) => [spec.name.replace(/-[0-9a-z]{6}$/, ''), spec.timezone, spec.input.command.slice(0, 12), spec.input.stdin]),
    ).toEqual([
      ['healthcheck-null-2-1', 'America/New_York', '/home/deploy', undefined],
      ['pg-dump-fc-shop-shop-date', 'America/New_York', 'pg_dump -Fc ', undefined],
      ['rotate', 'America/New_York', 'find /backup', undefined],
      ['cd-app-console-report-send', 'America/New_York', 'cd /srv/app ', 'Hello,\n\nsee below.\n'],
      ['flock-n-lock-rsync', 'America/New_York', 'flock -n /tm', undefined],
    ])
    expect(schedules[1]!.spec.input.command).toBe('pg_dump -Fc shop > /backup/shop-$(date +%Y%m%d).dump')
    expect(warnings.map(({ code }) => code)).toEqual(['crontab-reboot'])
  })
})

describe('any text at all', () => {
  const piece = fc.constantFrom(
    '*',
    '0',
    '59',
    '~',
    '/',
    '-',
    ',',
    ' ',
    '\t',
    '\n',
    '\r',
    '%',
    '\\',
    '=',
    '"',
    "'",
    '@daily',
    '@reboot',
    '#',
    'name:',
    'root',
    'mon',
    'A',
    'CRON_TZ=',
    'RANDOM_DELAY=',
    '* * * * * ',
    '\u2028',
    '\0',
    '{{x}}',
    '𝄞',
  )
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.array(piece, { maxLength: 60 }).map(pieces => pieces.join('')),
  )

  test('is read, or refused with a place in it', () => {
    fc.assert(
      fc.property(texts, fc.constantFrom('user' as const, 'system' as const, undefined), (text, form) => {
        try {
          const { schedules } = read(text, { form })
          const lines = text.split('\n')
          for (const { spec, line, placeOf } of schedules) {
            expect(lines[line - 1]).toContain(spec.description.slice(0, 100))
            expect(spec.name).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/)
            const place = placeOf('/input/command')
            expect(lines[place.line - 1]!.length).toBeGreaterThanOrEqual(place.column)
          }
          expect(new Set(schedules.map(({ spec }) => spec.name)).size).toBe(schedules.length)
        } catch (error) {
          if (!(error instanceof CrontabError)) throw error
          const line = text.split('\n')[error.line - 1]
          expect(line).toBeDefined()
          expect(error.column).toBeLessThanOrEqual(line!.length + 1)
        }
      }),
      { numRuns: 3_000 },
    )
  })

  test('of a megabyte is read in a moment', () => {
    for (const hostile of [
      'A'.repeat(1e6),
      `A=${' '.repeat(1e6)}x`,
      `A="${' '.repeat(1e6)}`,
      `* * * * *${' '.repeat(1e6)}`,
      `* * * * * ${'\\'.repeat(1e6)}`,
      `${'1,'.repeat(5e5)} * * * * x`,
      `${' '.repeat(1e6)}=`,
      `* * * * * x${'%'.repeat(1e6)}`,
      `* * * * * x%${'\\'.repeat(1e6)}`,
    ]) {
      const begun = cpuMs()
      mistake(hostile)
      expect(cpuMs() - begun, hostile.slice(0, 20)).toBeLessThan(1_000)
    }
  })
})
