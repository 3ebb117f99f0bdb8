import { Document, isMap, isScalar, type Pair, visit } from 'yaml'
import type { Note } from './form.ts'
import type { Translated } from './translate.ts'

/** The file that `apply` takes, with what is left to do beside each task. */
export function yamlOf({ dags, schedules, notes }: Translated, source: string): string {
  const document = new Document({ dags, ...(Object.keys(schedules).length > 0 && { schedules }) })
  const todo = notes.filter(({ level }) => level === 'todo')
  document.commentBefore = ` From ${source}.${todo.length > 0 ? ` Left to do: ${todo.length}, look for "TODO".` : ''}`
  for (const note of todo) {
    const path =
      note.dag === null || dags[note.dag] === undefined ? null : note.task === null ? ['dags', note.dag] : ['dags', note.dag, 'tasks', note.task]
    comment(document, path, ` TODO line ${note.line}: ${note.what}.${note.hint === '' ? '' : ` ${capital(note.hint)}.`}`)
  }
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === 'string' && node.value.includes('\n')) node.type = 'BLOCK_LITERAL'
    },
    // Short maps and lists of plain values on one line, as one writes them.
    Collection(key, node) {
      if (key !== 'value' && key !== null && typeof key !== 'number') return
      const items = node.items as (Pair | unknown)[]
      const plain = items.every(
        item =>
          isScalar(isPair(item) ? item.value : item) &&
          !String((isPair(item) ? (item.value as { value: unknown }) : (item as { value: unknown })).value).includes('\n'),
      )
      if (plain && items.length > 0 && JSON.stringify(node).length <= 100) node.flow = true
    },
  })
  return document.toString({ lineWidth: 150, flowCollectionPadding: true })
}

function isPair(item: unknown): item is Pair {
  return typeof item === 'object' && item !== null && 'key' in item
}

function comment(document: Document, path: string[] | null, text: string): void {
  const parent = path === null ? null : document.getIn(path.slice(0, -1), true)
  const pair = isMap(parent) ? parent.items.find(item => isScalar(item.key) && item.key.value === path?.at(-1)) : undefined
  if (pair === undefined || !isScalar(pair.key)) {
    document.commentBefore = `${document.commentBefore ?? ''}\n${text}`
    return
  }
  pair.key.commentBefore = pair.key.commentBefore ? `${pair.key.commentBefore}\n${text}` : text
}

function capital(text: string): string {
  return `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}`
}

/** One line for each. */
export function noteText({ level, line, dag, task, code, what, hint }: Note, file: string): string {
  const whose = [dag, task].filter(name => name !== null).join('.')
  return `${file}:${line}  ${level === 'info' ? 'note: ' : ''}${whose === '' ? '' : `${whose}: `}${what}.${hint === '' ? '' : `\n    ${capital(hint)}.`}  [${code}]`
}
