import { existsSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { NotRead, readDagFile } from '../dialects/airflow/read.ts'
import { translate } from '../dialects/airflow/translate.ts'
import { noteText, yamlOf } from '../dialects/airflow/write.ts'
import { Refusal } from '../server/refusal.ts'
import { textFlag } from './arguments.ts'
import type { Flags, Session } from './session.ts'
import type { ExitCode } from './terminal.ts'

/** `mainspring import airflow FILE`: the YAML goes to a file or to standard output, what is left to do to standard error. */
export async function importAirflow(session: Session, [file = '']: readonly string[], flags: Flags): Promise<ExitCode | undefined> {
  const { terminal } = session
  const path = resolve(terminal.directory, file)
  if (!existsSync(path)) throw new Refusal({ code: 'file-missing', place: file, title: 'There is no such file.' })
  const read = await reading(path, file, textFlag(flags.python) ?? 'python3')
  if (read.error) throw new Refusal({ code: 'invalid-file', place: `${file}:${read.error.line}`, title: `This cannot be read: ${read.error.what}.` })
  const found = translate(read)
  const dags = Object.keys(found.dags)
  if (dags.length === 0)
    throw new Refusal({
      code: 'no-dag',
      place: file,
      title: 'The text of this file makes no DAG.',
      hint: 'It may be one that is made in another file, or by a function that is not in it.',
    })
  const yaml = yamlOf(found, file)
  const out = textFlag(flags.out)
  if (out !== undefined) writeFileSync(resolve(terminal.directory, out), yaml)
  if (session.json) {
    terminal.out(JSON.stringify({ ...found, ...(out !== undefined && { out }) }, null, 2))
    return undefined
  }
  if (out === undefined) terminal.out(yaml.trimEnd())
  for (const note of found.notes) terminal.error(noteText(note, file))
  const said = out === undefined ? terminal.error : terminal.out
  for (const line of summary(found, file, out)) said.call(terminal, line)
  return undefined
}

async function reading(path: string, file: string, python: string): Promise<Awaited<ReturnType<typeof readDagFile>>> {
  try {
    return await readDagFile(path, python)
  } catch (error) {
    if (!(error instanceof NotRead)) throw error
    const hint =
      error.code === 'python-missing'
        ? 'Install Python 3.9 or newer, or name it: --python /usr/bin/python3.11'
        : 'The file is read by Python 3.9 or newer.'
    throw new Refusal({ code: error.code, place: file, title: error.message, hint })
  }
}

function* summary({ dags, schedules, notes }: ReturnType<typeof translate>, file: string, out: string | undefined): Generator<string> {
  const tasks = Object.values(dags).flatMap(({ tasks }) => Object.values(tasks as Record<string, { job?: string }>))
  const todo = notes.filter(({ level }) => level === 'todo').length
  const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`
  yield `${out === undefined ? '' : `wrote ${out}: `}${count(Object.keys(dags).length, 'DAG')}, ${count(tasks.length, 'task')}, ${count(Object.keys(schedules).length, 'schedule')}; ${todo === 0 ? 'nothing is left to do' : `left to do: ${todo}`}`
  const jobs = tasks.map(({ job }) => job)
  if (jobs.some(job => job !== undefined && job !== 'shell' && job !== 'http'))
    yield `its Python functions and sensors: python -m mainspring worker --airflow ${file}`
  if (jobs.includes('shell')) yield 'its commands: a server with --allow-shell all'
}
