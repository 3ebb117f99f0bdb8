import type { Command } from 'commander'
import { applyFiles } from './apply/apply.ts'
import { exportFile } from './apply/export.ts'
import { calling } from './session.ts'
import type { Terminal } from './terminal.ts'

/** `mainspring apply` and `mainspring export`. */
export function addApplyVerbs(program: Command, terminal: Terminal): void {
  const apply = program
    .command('apply')
    .description('make schedules, limits, and settings of queues and definitions, what files say; nothing is changed unless all of it can be')
    .argument('[file...]', 'YAML, JSON or crontab; a folder; - for standard input')
    .option('-f, --file <file...>', 'the same')
    .option('--dry-run', 'show what would change')
    .option('--prune', 'delete the schedules that were applied before, and reset limits where a file has any, that are in none of these files')
    .option('--format <format>', 'yaml or crontab (default: as name and content tell)')
    .option('--form <form>', 'of a crontab: user, or system, where the sixth word is a user')
    .option('--timezone <zone>', 'of a crontab, where it has no CRON_TZ (default: that of this machine)')
  calling(apply, terminal, 'mainspring apply -f schedules.yaml --dry-run', applyFiles)

  const exporting = program
    .command('export')
    .description('print what apply takes: schedules, pauses, options and limits set by an operator')
    .option('--out <file>', 'write it there')
  calling(exporting, terminal, 'mainspring export --out schedules.yaml', exportFile)
}
