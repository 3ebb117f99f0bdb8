import type { Command, ScheduleCalls, SchedulePut, ScheduleView } from '../face.ts'

type Registered = Parameters<ScheduleCalls['register']>[2]

/** Schedules read at a time while looking for those that left the code. */
const PAGE = 500

/** All schedules that some code has, each by a call of its own: they live in many places. */
export function registering({ put, list, pause }: Pick<ScheduleCalls, 'put' | 'list' | 'pause'>): ScheduleCalls['register'] {
  return async (namespace: string, source: string, schedules: Registered, { id, by }: Command): Promise<SchedulePut[]> => {
    const answers: SchedulePut[] = []
    for (const { name, spec } of schedules)
      answers.push(await put(namespace, name, { spec, origin: { is: 'code', source }, id: `${id}:${name}`, by }))
    const names = new Set(schedules.map(({ name }) => name))
    for (let after: string | null = null; ; ) {
      const page: { rows: ScheduleView[]; next: string | null } = await list(namespace, { after, limit: PAGE })
      for (const { name, origin, paused } of page.rows) {
        if (names.has(name) || paused !== null || origin.is !== 'code' || origin.source !== source) continue
        const note = `it is no longer in the code of ${source}`
        await pause(namespace, name, { note, until: null, gone: true, id: `${id}:gone:${name}`, by })
      }
      if (page.next === null) return answers
      after = page.next
    }
  }
}
