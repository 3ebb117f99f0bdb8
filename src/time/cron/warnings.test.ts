import { expect, test } from 'vitest'
import { type CronOptions, parseCron } from './cron.ts'

/** Asked on 15 January 2026. */
const TABLE: [expression: string, options: CronOptions, warnings: [code: string, message: string, hint?: string][]][] = [
  ['15 12 * * *', { timezone: 'Europe/Berlin' }, []],
  [
    '30 2 * * *',
    { timezone: 'Europe/Berlin' },
    [
      [
        'dst-skipped',
        '02:30 on Sunday, 29 March 2026 does not exist in Europe/Berlin: the clock goes from 02:00 to 03:00, and it fires at 03:00 instead',
        'Choose an hour that DST does not touch, the zone UTC, or another "gap" than "vixie".',
      ],
      [
        'dst-repeated',
        '02:30 on Sunday, 25 October 2026 comes twice in Europe/Berlin: the clock goes from 03:00 back to 02:00, and it fires the first time only',
        'Choose an hour that DST does not touch, the zone UTC, or another "fold" than "vixie".',
      ],
    ],
  ],
  ['30 2 * * *', {}, []],
  [
    '30 2 * * *',
    { timezone: 'Europe/Berlin', gap: 'shift', fold: 'both' },
    [
      [
        'dst-skipped',
        '02:30 on Sunday, 29 March 2026 does not exist in Europe/Berlin: the clock goes from 02:00 to 03:00, and it fires at 03:30 instead',
        'Choose an hour that DST does not touch, the zone UTC, or another "gap" than "shift".',
      ],
      [
        'dst-repeated',
        '02:30 on Sunday, 25 October 2026 comes twice in Europe/Berlin: the clock goes from 03:00 back to 02:00, and it fires twice',
        'Choose an hour that DST does not touch, the zone UTC, or another "fold" than "both".',
      ],
    ],
  ],
  [
    '30 2 * * *',
    { timezone: 'Europe/Berlin', gap: 'skip', fold: 'second' },
    [
      [
        'dst-skipped',
        '02:30 on Sunday, 29 March 2026 does not exist in Europe/Berlin: the clock goes from 02:00 to 03:00, and it does not fire then',
        'Choose an hour that DST does not touch, the zone UTC, or another "gap" than "skip".',
      ],
      [
        'dst-repeated',
        '02:30 on Sunday, 25 October 2026 comes twice in Europe/Berlin: the clock goes from 03:00 back to 02:00, and it fires the second time only',
        'Choose an hour that DST does not touch, the zone UTC, or another "fold" than "second".',
      ],
    ],
  ],
  ['5 * * * *', { timezone: 'Europe/Berlin' }, []],
  [
    '*/5 2 * * *',
    { timezone: 'Europe/Berlin' },
    [
      [
        'dst-skipped',
        '02:00 on Sunday, 29 March 2026 does not exist in Europe/Berlin: the clock goes from 02:00 to 03:00, and it does not fire then',
        'Choose an hour that DST does not touch, the zone UTC, or another "gap" than "vixie".',
      ],
      [
        'dst-repeated',
        '02:00 on Sunday, 25 October 2026 comes twice in Europe/Berlin: the clock goes from 03:00 back to 02:00, and it fires twice',
        'Choose an hour that DST does not touch, the zone UTC, or another "fold" than "vixie".',
      ],
    ],
  ],
  [
    '5 * * * *',
    { timezone: 'Europe/Berlin', dialect: 'celery' },
    [
      [
        'dst-skipped',
        '02:05 on Sunday, 29 March 2026 does not exist in Europe/Berlin: the clock goes from 02:00 to 03:00, and it fires at 03:05 instead',
        'Choose an hour that DST does not touch, the zone UTC, or another "gap" than "shift-once".',
      ],
      [
        'dst-repeated',
        '02:05 on Sunday, 25 October 2026 comes twice in Europe/Berlin: the clock goes from 03:00 back to 02:00, and it fires the first time only',
        'Choose an hour that DST does not touch, the zone UTC, or another "fold" than "first".',
      ],
    ],
  ],
  [
    '5 */2 * * *',
    { timezone: 'Europe/Berlin' },
    [
      [
        'dst-skipped',
        '02:05 on Sunday, 29 March 2026 does not exist in Europe/Berlin: the clock goes from 02:00 to 03:00, and it does not fire then',
        'Choose an hour that DST does not touch, the zone UTC, or another "gap" than "vixie".',
      ],
      [
        'dst-repeated',
        '02:05 on Sunday, 25 October 2026 comes twice in Europe/Berlin: the clock goes from 03:00 back to 02:00, and it fires twice',
        'Choose an hour that DST does not touch, the zone UTC, or another "fold" than "vixie".',
      ],
    ],
  ],
  [
    '30 1 * * *',
    { timezone: 'Australia/Lord_Howe' },
    [
      [
        'dst-repeated',
        '01:30 on Sunday, 5 April 2026 comes twice in Australia/Lord_Howe: the clock goes from 02:00 back to 01:30, and it fires the first time only',
        'Choose an hour that DST does not touch, the zone UTC, or another "fold" than "vixie".',
      ],
    ],
  ],
  ['30 0 * * *', { timezone: 'America/Sao_Paulo' }, []],
  ['30 2 15 3 *', { timezone: 'Europe/Berlin' }, []],
  [
    '*/7 3 * * *',
    {},
    [
      [
        'uneven-step',
        '"*/7" in the minute is not every 7 minutes: it begins anew in each hour, where the last step is 4 long',
        'Steps that divide 60 are even; else use an interval.',
      ],
    ],
  ],
  [
    '5 */5 * * *',
    {},
    [
      [
        'uneven-step',
        '"*/5" in the hour is not every 5 hours: it begins anew in each day, where the last step is 4 long',
        'Steps that divide 24 are even; else use an interval.',
      ],
    ],
  ],
  [
    '5 3 */2 * *',
    {},
    [
      [
        'uneven-step',
        '"*/2" in the day of month is not every 2 days: it begins anew on the 1st of each month, so that the 31st and the 1st follow each other',
        'For every 2 days use an interval.',
      ],
    ],
  ],
  [
    '5 3 */10 * *',
    {},
    [
      [
        'uneven-step',
        '"*/10" in the day of month is not every 10 days: it begins anew on the 1st of each month',
        'For every 10 days use an interval.',
      ],
    ],
  ],
  [
    '5 3 1 */5 *',
    {},
    [
      [
        'uneven-step',
        '"*/5" in the month is not every 5 months: it begins anew in each year, where the last step is 2 long',
        'Steps that divide 12 are even; else use an interval.',
      ],
    ],
  ],
  [
    '5 3 * * */2',
    {},
    [
      [
        'uneven-step',
        '"*/2" in the day of week is not every 2 days: it begins anew in each week, where the last step is 1 long',
        'Steps that divide 7 are even; else use an interval.',
      ],
    ],
  ],
  [
    '*/60 3 * * *',
    {},
    [
      ['single-step', 'a step of 60 in the minute fires once in each hour, at 0', 'Write "0", or use an interval for a fixed time between runs.'],
      ['top-of-hour', 'it fires exactly on the hour, when most other schedules do', 'Another minute spreads the load.'],
    ],
  ],
  [
    '5 3 31 * *',
    {},
    [
      [
        'short-months',
        'it does not fire in every month it names: February, April, June, September and November have no 31st day',
        'The last day of each month is "L".',
      ],
    ],
  ],
  ['5 3 30 * *', {}, [['short-months', 'it does not fire in every month it names: February has no 30th day', 'The last day of each month is "L".']]],
  [
    '5 3 29 2 *',
    {},
    [['short-months', 'it does not fire in every month it names: February has a 29th day in leap years only', 'The last day of each month is "L".']],
  ],
  [
    '5 3 31W * *',
    {},
    [
      [
        'short-months',
        'it does not fire in every month it names: February, April, June, September and November have no 31st day',
        'The last day of each month is "L".',
      ],
    ],
  ],
  ['5 3 31 1,3,5 *', {}, []],
  [
    '5 3 31 * *',
    { dialect: 'kubernetes' },
    [['short-months', 'it does not fire in every month it names: February, April, June, September and November have no 31st day']],
  ],
  [
    '{"day":"31","hour":"3","minute":"5"}',
    { dialect: 'apscheduler' },
    [
      [
        'short-months',
        'it does not fire in every month it names: February, April, June, September and November have no 31st day',
        'The last day of each month is "last".',
      ],
    ],
  ],
  [
    '5 3 13 * FRI',
    {},
    [
      [
        'both-days',
        'day of month and day of week are both restricted: it fires on a day that fits either (OR)',
        'Set days to "and" if both must fit, or to "or" to say that this is meant.',
      ],
    ],
  ],
  [
    '5 3 */2 * FRI',
    {},
    [
      [
        'both-days',
        'day of month and day of week are both restricted: it fires on a day that fits both (AND), since one of them begins with "*"',
        'Set days to "or" if one is enough, or to "and" to say that this is meant.',
      ],
      [
        'uneven-step',
        '"*/2" in the day of month is not every 2 days: it begins anew on the 1st of each month, so that the 31st and the 1st follow each other',
        'For every 2 days use an interval.',
      ],
    ],
  ],
  [
    '5 3 13 * FRI',
    { dialect: 'celery' },
    [
      [
        'both-days',
        'day of month and day of week are both restricted: it fires on a day that fits both (AND)',
        'Set days to "or" if one is enough, or to "and" to say that this is meant.',
      ],
    ],
  ],
  ['* 5 3 * * *', {}, [['every-second', 'it fires each second of every minute that fits', 'Write 0 as the first field for once a minute.']]],
  ['*/2 5 3 * * *', {}, [['every-second', 'it fires 30 times of every minute that fits', 'Write 0 as the first field for once a minute.']]],
  ['0 3 * * *', {}, [['top-of-hour', 'it fires exactly on the hour, when most other schedules do', 'Another minute spreads the load.']]],
  ['0 5 3 1 1 * 2020', {}, [['last-fire', 'it never fires again: its last year is 2020', 'Leave the year out, or write "*".']]],
  ['@every 1h', { dialect: 'robfig' }, []],
]

test.each(TABLE)('%s %j is warned of', (expression, options, warnings) => {
  const found = parseCron(expression, options).warnings(Date.UTC(2026, 0, 15))
  expect(found.map(({ code, message, hint }) => [code, message, ...(hint === undefined ? [] : [hint])])).toEqual(warnings)
})
