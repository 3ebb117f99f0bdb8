import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { OUTPUT } from './output.ts'

/**
 * Stands for a system elsewhere that works by itself: a job that was submitted goes on whether anybody asks for it or not, and a second submission costs
 * money twice. It keeps its book in a file, a line a submission, so that it outlives the worker.
 */
const BOOK = join(OUTPUT, 'render-farm.jsonl')
const RENDER_MS = Number(process.env.MAINSPRING_EXAMPLES_RENDER_MS ?? 4_000)

export interface Submission {
  id: string
  film: string
  at: number
}

export async function submit(film: string): Promise<string> {
  const id = `render-${(await book()).length + 1}`
  await mkdir(OUTPUT, { recursive: true })
  await appendFile(BOOK, `${JSON.stringify({ id, film, at: Date.now() } satisfies Submission)}\n`)
  return id
}

/** 0 to 1: how far it is. */
export async function progressOf(id: string): Promise<number> {
  const submission = (await book()).find(one => one.id === id)
  if (!submission) throw new Error(`the farm does not know ${id}`)
  return Math.min(1, (Date.now() - submission.at) / RENDER_MS)
}

/** Everything that was ever submitted. */
export async function book(): Promise<Submission[]> {
  const text = await readFile(BOOK, 'utf8').catch(() => '')
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Submission)
}
