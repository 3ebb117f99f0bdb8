import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { Refusal } from '../server/refusal.ts'
import { problemText } from './output/problem.ts'
import { countText } from './output/words.ts'
import { calling, type Session } from './session.ts'
import { EXIT, type ExitCode, type Terminal } from './terminal.ts'

/** `mainspring check FILE...`: what in workflows would not be the same when they are called again. */
export function addCheckVerb(program: Command, terminal: Terminal): void {
  const check = program
    .command('check')
    .description('find clocks, randomness, I/O and floating promises in the workflows of these files; ends with 1 where there are any')
    .argument('<file...>', 'files that define workflows; they are read, not run')
  calling(check, terminal, 'mainspring check orders.ts', checkFiles)
}

async function checkFiles(session: Session, files: readonly string[]): Promise<ExitCode> {
  const { checkWorkflows } = await import('./check/workflows.ts')
  const findings = files.flatMap(file => checkWorkflows(textOf(resolve(session.terminal.directory, file), file), file))
  session.show(findings, () => {
    const counts = findings.length === 0 ? 'Nothing was found' : `${countText(findings.length, 'place')} found`
    return [...findings.map(problemText), ...(findings.length > 0 ? [''] : []), `${counts} in ${countText(files.length, 'file')}.`].join('\n')
  })
  return findings.length === 0 ? EXIT.done : EXIT.failed
}

function textOf(path: string, shown: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    throw new Refusal({ code: 'file-missing', place: shown, title: 'There is no such file, or it cannot be read.' })
  }
}
