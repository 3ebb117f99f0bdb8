import type { Command } from 'commander'
import type { Examination } from '../server/doctor.ts'
import { withoutPassword } from '../server/stores.ts'
import { oneLine } from './output/table.ts'
import { countText, type Paint } from './output/words.ts'
import { acting, withSettings } from './session.ts'
import { EXIT, type Terminal } from './terminal.ts'

/** What is wrong with the database, before it is noticed. */
export function addDoctorVerb(program: Command, terminal: Terminal): void {
  const doctor = withSettings(
    program.command('doctor').description('look a database over: its tables and indexes, what holds old rows, settings that are not safe'),
    ['database'],
  )
  acting(
    doctor.option('--json', 'print data instead of text'),
    terminal,
    'mainspring doctor --database postgres://db.internal/jobs',
    async session => {
      const { database } = session.config.settings
      const examination = await (await import('../server/doctor.ts')).examine(database)
      const shown = withoutPassword(database)
      session.show({ place: shown, ...examination }, () => examinationText(shown, examination, session.look.paint))
      return examination.findings.length === 0 ? EXIT.done : EXIT.failed
    },
  )
}

function examinationText(place: string, { database, findings, unseen }: Examination, paint: Paint): string {
  const head = `${place} (${database}): ${findings.length === 0 ? 'all is well' : paint.bad(countText(findings.length, 'finding'))}`
  const told = findings.map(({ code, where, what, why, mend }) => [
    `${oneLine(where)}  ${oneLine(what)}  [${code}]`,
    `  ${oneLine(why)}`,
    `  ${paint.bold('mend:')} ${oneLine(mend)}`,
  ])
  const untold = unseen.map(({ what, why, mend }) => [`not looked at: ${what}. ${oneLine(why)}`, `  ${paint.bold('mend:')} ${oneLine(mend)}`])
  return [[head], ...told, ...untold].map(lines => lines.join('\n')).join('\n\n')
}
