import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StepContext } from '@mainspring/sdk'
import { OUTPUT } from './output.ts'

/**
 * Stands for systems elsewhere (a warehouse, a bank, a carrier) that keep what they were asked for under the key that came with it, and do nothing the second time.
 * A line an entry, in a file, so that it outlives the worker.
 */
const BOOK = join(OUTPUT, 'book.jsonl')

export interface Entry {
  /** Of the step that asked for it. */
  key: string
  /** What was done: `charged`, `shipped`. */
  is: string
  /** What it was done for. */
  of: string
  amount?: number
}

export function entries(of: string): Entry[] {
  if (!existsSync(BOOK)) return []
  const lines = readFileSync(BOOK, 'utf8').trimEnd().split('\n')
  return lines.map(line => JSON.parse(line) as Entry).filter(entry => entry.of === of)
}

/** Takes its time, so that a person has the time to kill it. */
export async function enter({ key, signal }: StepContext, entry: Omit<Entry, 'key'>): Promise<Entry> {
  await sleep(Number(process.env.MAINSPRING_EXAMPLES_STEP_MS ?? 2_000), undefined, { signal })
  // Looked and written without a pause between: of two who ask at once, one writes.
  const known = entries(entry.of).find(one => one.key === key)
  if (known !== undefined) return known
  const entered = { key, ...entry }
  mkdirSync(OUTPUT, { recursive: true })
  appendFileSync(BOOK, `${JSON.stringify(entered)}\n`)
  return entered
}
