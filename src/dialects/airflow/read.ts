import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ReadFile } from './form.ts'

const READER = fileURLToPath(new URL('./reader', import.meta.url))
const READ_MS_MAX = 60_000
const ANSWER_BYTES_MAX = 64 * 1024 * 1024

/** Why a file was not read: `python-missing`, `python-failed`. */
export class NotRead extends Error {
  readonly code: 'python-missing' | 'python-failed'

  constructor(code: 'python-missing' | 'python-failed', message: string) {
    super(message)
    this.code = code
  }
}

/** What the DAGs of a file are. Its text is parsed by a Python of its own; nothing of it is run. @throws NotRead */
export function readDagFile(file: string, python: string): Promise<ReadFile> {
  const { promise, resolve, reject } = Promise.withResolvers<ReadFile>()
  execFile(python, ['-I', READER, file], { timeout: READ_MS_MAX, maxBuffer: ANSWER_BYTES_MAX }, (error, stdout, stderr) => {
    if (error === null) return resolve(JSON.parse(stdout) as ReadFile)
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return reject(new NotRead('python-missing', `There is no ${python}.`))
    reject(new NotRead('python-failed', stderr.trim().split('\n').at(-1) || error.message))
  })
  return promise
}
