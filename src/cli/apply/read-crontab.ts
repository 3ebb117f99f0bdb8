import { CrontabError, type CrontabForm, readCrontab as read } from '../../dialects/crontab/crontab.ts'
import { Refusal } from '../../server/refusal.ts'
import type { Source } from './files.ts'
import type { Item, Remark } from './item.ts'

export interface CrontabSettings {
  form?: CrontabForm | undefined
  /** Undefined: the zone of this machine, as cron has it. */
  timezone?: string | undefined
}

/** @throws Refusal with file, line and column. */
export function readCrontab(source: Source, { form, timezone }: CrontabSettings): { items: Item[]; remarks: Remark[] } {
  const zone = timezone ?? machineZone()
  const place = ({ line, column }: { line: number; column: number }): string => `${source.shown}:${line}:${column}`
  try {
    const { schedules, warnings } = read(source.text, { timezone: zone, form, path: source.path })
    const items = schedules.map(({ spec: { name, ...value }, line, placeOf }): Item => {
      const at = (pointer: string, offset?: number): string => place(placeOf(pointer, offset))
      return {
        kind: 'schedules',
        name,
        value: { ...value },
        place: `${source.shown}:${line}:1`,
        placeOf: (pointer, within) => at(pointer, within?.offset),
      }
    })
    const remarks = warnings.map(({ code, message, hint, ...at }): Remark => ({ place: place(at), code, message, hint }))
    const local = timezone === undefined && zone !== 'UTC' && schedules.find(({ spec }) => spec.timezone === zone)
    if (local)
      remarks.push({
        place: place({ line: local.line, column: 1 }),
        code: 'crontab-timezone',
        message: `Times are in ${zone}, the zone of this machine, as cron has it.`,
        hint: 'To have the same everywhere: CRON_TZ= in the file, or --timezone.',
      })
    return { items, remarks }
  } catch (error) {
    if (!(error instanceof CrontabError)) throw error
    throw new Refusal({ code: error.code, place: place(error), title: error.title, hint: error.hint })
  }
}

function machineZone(): string {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions()
  return /^(Etc\/)?(UTC|GMT|UCT|Universal|Zulu)$/.test(timeZone) ? 'UTC' : timeZone
}
