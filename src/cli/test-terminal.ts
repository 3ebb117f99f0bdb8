import { main } from './main.ts'
import { plainPaint } from './output/words.ts'

export interface Printed {
  code: number
  out: string
  error: string
}

/** Runs one command as a person in this folder would, without colours. */
export async function mainspringIn(directory: string, environment: Record<string, string>, given: readonly string[]): Promise<Printed> {
  const [out, errors]: [string[], string[]] = [[], []]
  const code = await main(given, {
    out: text => out.push(text),
    error: text => errors.push(text),
    paint: plainPaint,
    environment,
    directory,
    now: () => Date.now(),
  })
  return { code, out: out.join('\n'), error: errors.join('\n') }
}
