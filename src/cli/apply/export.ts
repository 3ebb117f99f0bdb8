import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { WireExport } from '@mainspring/sdk'
import { Document } from 'yaml'
import { Refusal } from '../../server/refusal.ts'
import { textFlag } from '../arguments.ts'
import { countText } from '../output/words.ts'
import type { Flags, Session } from '../session.ts'
import { KINDS } from './item.ts'

/** `mainspring export`: what the server has, as a file that `apply` takes back without a change. */
export async function exportFile(session: Session, _given: readonly string[], flags: Flags): Promise<undefined> {
  const text = await session.client.callText('export', { params: {} })
  const { url } = session.config.settings
  const answer = parsed(text)
  const file = textFlag(flags.out)
  const out = session.json ? JSON.stringify(JSON.parse(text), null, 2) : exportText(answer, url)
  if (file === undefined) {
    session.terminal.out(out.trimEnd())
    return undefined
  }
  try {
    writeFileSync(resolve(session.terminal.directory, file), `${out.trimEnd()}\n`)
  } catch (error) {
    throw new Refusal({ code: 'file-missing', place: file, title: `It cannot be written (${(error as NodeJS.ErrnoException).code}).` })
  }
  session.terminal.error(`wrote ${file}: ${EXPORTED.map(kind => countText(answer[kind].length, kind.slice(0, -1))).join(', ')}`)
  return undefined
}

/** DAGs are data of whoever applied or registered them: they are not an operator's. */
const EXPORTED = KINDS.filter(kind => kind !== 'dags')

/** YAML with maps by name, and a first line that tells editors what may stand in it. */
export function exportText(answer: WireExport, url: string): string {
  const sections = EXPORTED.filter(kind => answer[kind].length > 0).map(kind => [kind, byName(answer[kind])] as const)
  const header = `# yaml-language-server: $schema=${url}/schemas/apply.json\n`
  if (sections.length === 0) return `${header}# Nothing is set: no schedules, and nothing of an operator.\n`
  return header + new Document(Object.fromEntries(sections), { aliasDuplicateObjects: false }).toString({ lineWidth: 0 })
}

function byName(list: readonly { name: string }[]): Record<string, unknown> {
  return Object.fromEntries(list.map(({ name, ...rest }) => [name, rest]))
}

/** Whole numbers that a double does not hold stay as they are: `apply` would else see a change. */
function parsed(text: string): WireExport {
  const exact = (_: string, value: unknown, context?: { source?: string }): unknown =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? '') ? BigInt(context?.source as string) : value
  return JSON.parse(text, exact) as WireExport
}
