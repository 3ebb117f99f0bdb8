/** What a file says of one DAG, schedule, queue, definition or limit. */
export interface Item {
  kind: Kind
  name: string
  /** As the API takes it, without the name. */
  value: Readonly<Record<string, unknown>>
  /** Where its name stands: `schedules.yaml:3:3`. */
  place: string
  /** Where a field stands, by its pointer within the item. */
  placeOf(pointer: string, within?: Within): string
}
export type Kind = 'dags' | 'schedules' | 'queues' | 'definitions' | 'limits'
export const KINDS: readonly Kind[] = ['dags', 'schedules', 'queues', 'definitions', 'limits']
export const NOUNS = { dags: 'dag', schedules: 'schedule', queues: 'queue', definitions: 'definition', limits: 'limit' } as const

/** Within a text: a character of it, or a line of the file that it was read from. `isName`: the field itself is wrong, not its value. */
export interface Within {
  offset?: number | undefined
  line?: number | undefined
  isName?: boolean
}

/** Something that is no mistake, and that a person should know. */
export interface Remark {
  place: string
  code: string
  message: string
  hint?: string
}

/** RFC 6901. */
export function segmentsOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map(segment => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
}
