import { createInterface } from 'node:readline/promises'
import { type Paint, paintFor } from './output/words.ts'

/** Where a command writes. Tests give their own. */
export interface Terminal {
  out(text: string): void
  error(text: string): void
  readonly paint: Paint
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly directory: string
  now(): number
  /** Asks a person; absent: there is nobody. */
  ask?(question: string): Promise<string>
}

// Nobody reads any more (`| head`): no reason to die half-way through what is being done.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })

export const processTerminal: Terminal = {
  out: text => void process.stdout.write(`${text}\n`),
  error: text => void process.stderr.write(`${text}\n`),
  paint: paintFor(process.stdout),
  environment: process.env,
  directory: process.cwd(),
  now: () => Date.now(),
  ...(process.stdin.isTTY && process.stdout.isTTY ? { ask: askPerson } : {}),
}

async function askPerson(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stdout })
  try {
    return await lines.question(question)
  } finally {
    lines.close()
  }
}

/** Exit codes:. */
export const EXIT = { done: 0, failed: 1, refused: 2, unreachable: 3, notAllowed: 4 } as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]
