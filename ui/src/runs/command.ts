import { askedOf } from '../api/runs.ts'
import { commandText } from '../parts/command.tsx'
import type { RunsSearch } from './search.ts'

/** The flag of each field, where it is not the field's own name in kebab case. */
const FLAGS: Record<string, string> = { definition: 'name' }

/** `mainspring list` with the same filter. */
export function listCommand(namespace: string, search: RunsSearch): string {
  // To the minute: so that the text does not change with every drawing.
  const asked = askedOf(search, Math.floor(Date.now() / 60_000) * 60_000)
  const flags = Object.entries(asked).flatMap(([field, value]) =>
    [value].flat().flatMap(item => {
      const flag = FLAGS[field] ?? field.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
      return [`--${flag}`, field === 'tag' || field === 'metadata' ? String(item).replace(':', '=') : String(item)]
    }),
  )
  return commandText(namespace, 'list', ...flags)
}
