import type { Command } from 'commander'
import { collect, textFlag } from './arguments.ts'
import * as schedules from './schedules.ts'
import { calling } from './session.ts'
import type { Terminal } from './terminal.ts'

/** `mainspring schedule …`. Times are local to the schedule's zone, both ways. */
export function addScheduleVerbs(program: Command, terminal: Terminal): void {
  const schedule = program.command('schedule').description('schedules: what is due, what became of each time, and why')
  const verb = (name: string, about: string): Command => schedule.command(name).description(about).argument('<name>')

  const list = schedule
    .command('ls')
    .description('all schedules, by name')
    .option('--limit <number>', 'rows at most, 1 to 1000', '100')
    .option('--cursor <cursor>', 'go on where the list before ended')
  calling(list, terminal, 'mainspring schedule ls', schedules.listSchedules)
  calling(verb('show', 'a schedule: when, what, and where it stands'), terminal, 'mainspring schedule show nightly', schedules.showSchedule)

  const pause = verb('pause', 'start nothing of a schedule; its times are accounted as paused')
    .option('--note <text>', 'why: shown wherever the pause is')
    .option('--until <time>', 'when it ends by itself')
    .option('--for <duration>', 'how long it lasts, such as 2h')
  calling(pause, terminal, 'mainspring schedule pause nightly --note "inventory" --for 2h', schedules.pauseSchedule)
  const watermark = verb('watermark', 'how far the runs of a schedule have come; with a value, set it (null: they begin anew)').argument('[json]')
  calling(watermark, terminal, 'mainspring schedule watermark nightly \'"2026-11-30"\'', schedules.watermarkOfSchedule)
  calling(verb('resume', 'end the pause of a schedule'), terminal, 'mainspring schedule resume nightly', schedules.resumeSchedule)

  const trigger = verb('trigger', 'start a run now, whatever the overlap policy says').option(
    '--follow',
    'print what it does, and exit with its outcome',
  )
  calling(trigger, terminal, 'mainspring schedule trigger nightly --follow', schedules.triggerSchedule)

  const backfill = verb('backfill', 'start the times of a range again')
    .option('--from <time>', 'the first time')
    .option('--to <time>', 'the last time, a whole day if it is one')
    .option('--max-active <number>', 'runs open at a time, 1 to 1000', '1')
    .option('--cancel <backfill>', 'start nothing further of this one')
  calling(backfill, terminal, 'mainspring schedule backfill nightly --from 2026-10-01 --to 2026-10-31', schedules.backfillSchedule)

  const ledger = verb('ledger', 'what became of each time, latest first')
    .option('--last <number>', 'rows at most, 1 to 1000 (default: 20)')
    .option('--from <time>', 'times from here on')
    .option('--to <time>', 'times up to here, a whole day if it is one')
    .option('--account <account>', 'fired, recovered, refused, skipped, excluded, blacked_out, paused (repeatable)', collect)
    .option('--cursor <cursor>', 'go on where the ledger before ended')
  calling(ledger, terminal, 'mainspring schedule ledger nightly --last 4', schedules.showLedger)

  const preview = schedule
    .command('preview')
    .description('the next times of a schedule, or of an expression that is none yet')
    .argument('[name]')
    .option('--count <number>', 'times, 1 to 1000', '10')
    .option('--from <time>', 'times after this one (default: now)')
    .option('--cron <expression>', 'try this one (repeatable)', collect)
    .option('--every <interval>', 'try this one, such as 15m or "1 month"')
    .option('--timezone <zone>', 'of what is tried (default: UTC)')
    .option('--dialect <dialect>', 'of --cron: unix, vixie, quartz … (default: unix)')
  calling(preview, terminal, `mainspring schedule preview --cron '*/7 * * * *' --timezone Europe/Berlin`, schedules.previewSchedule)

  const explain = verb('explain', 'why it did or did not fire at a time; without one, what it waits for').option(
    '--at <time>',
    'as its clock shows it, or with an offset',
  )
  calling(explain, terminal, `mainspring schedule explain nightly --at '2026-03-29 02:30'`, (session, [name = ''], flags) =>
    schedules.explainSchedule(session, name, textFlag(flags.at) ?? null),
  )

  calling(verb('rm', 'remove a schedule; its runs go on'), terminal, 'mainspring schedule rm nightly', schedules.removeSchedule)

  const ics = verb('ics', 'the next times as an iCalendar file').option('--count <number>', 'times, 1 to 1000', '100')
  calling(ics, terminal, 'mainspring schedule ics nightly > nightly.ics', schedules.showCalendar)
}
