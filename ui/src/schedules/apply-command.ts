import { commandText } from '../parts/command.tsx'

/** The same by a file on standard input. */
export function applyCommand(namespace: string, name: string, fields: Record<string, unknown>): string {
  const text = JSON.stringify({ schedules: { [name]: fields } })
  return `echo '${text.replaceAll("'", `'\\''`)}' | ${commandText(namespace, 'apply', '-f', '-')}`
}
