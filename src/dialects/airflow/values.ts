import { type Read, type ReadMapping, specialOf } from './form.ts'
import { parameterText, type TemplateFrame, translated } from './templates.ts'

/** A value of the file as it stands in an input: texts translated, results and parameters as placeholders; told what is not known. */
export function valueIn(value: Read | undefined, frame: TemplateFrame, mapping: Mapping | null): unknown {
  if (typeof value === 'string') return translated(value, frame)
  if (typeof value !== 'object' || value === null) return value ?? null
  if (Array.isArray(value)) return value.map(one => valueIn(one, frame, mapping))
  const special = specialOf(value)
  if (special === null) return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, valueIn(member, frame, mapping)]))
  switch (special.$) {
    case 'xcom': {
      const found = frame.output(special.task, special.key, special.path)
      if (found !== null) return braces(found)
      frame.missing('xcom', `the result of ${special.task} is not known here`, 'name it as {{output.TASK}}')
      return null
    }
    case 'param':
      return braces(parameterText(special.name, frame))
    case 'item':
      return braces(mapping?.items.get(`${special.group}\n${special.name}`) ?? 'item')
    case 'duration':
      return special.seconds
    case 'moment':
      return special.iso
    case 'task':
      return special.task
    default:
      frame.missing(
        'value',
        `\`${'text' in special ? special.text : 'path' in special ? special.path : special.$}\` is not known from the text`,
        'write the value in its place',
      )
      return null
  }
}

function braces(text: string): string {
  return `{{${text}}}`
}

/** Of a mapped task: what it is mapped over (none: its group is), and by what name a part of an item is called in its input. */
export interface Mapping {
  map?: Record<string, unknown>
  items: ReadonlyMap<string, string>
  /** Its own, by the names of its arguments; else that of its group. */
  isOwn: boolean
}

/** `expand` over several lists takes each with each. */
export function mappingOf({ named, list }: ReadMapping, frame: TemplateFrame): Mapping {
  if (list !== null) return { map: { over: listOf(list, frame) }, items: new Map([['**', 'item']]), isOwn: true }
  const names = Object.keys(named)
  const lists = Object.fromEntries(names.map(name => [name, listOf(named[name], frame)]))
  const [only] = names
  if (names.length === 1 && only !== undefined) return { map: { over: lists[only] }, items: new Map([[only, 'item']]), isOwn: true }
  return { map: { cross: lists }, items: new Map(names.map(name => [name, `item:${name}`])), isOwn: true }
}

export function listOf(value: Read | undefined, frame: TemplateFrame): unknown {
  const found = valueIn(value, frame, null)
  if (typeof found !== 'object' || found === null || Array.isArray(found)) return found
  frame.missing('map-over-dict', 'a task that is mapped over a dict gets its pairs as [key, value]', 'nothing, if it takes them so')
  return Object.entries(found)
}
