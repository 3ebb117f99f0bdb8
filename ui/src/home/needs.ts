import type { Summary } from '../api/client.ts'
import { shortId } from '../format/id.ts'
import { commandText } from '../parts/command.tsx'
import type { IconName } from '../parts/icons.tsx'

export type Need = Summary['needs'][number]

/** Where one looks, and what one does next. */
export interface Step {
  icon: IconName
  tone: 'text-failed' | 'text-paused'
  /** The list or page behind it. */
  to: string
  search: Record<string, unknown>
  /** What the link says. */
  next: string
  command: string
}

const at = (noun: string, name: string): string => `/${noun}/${encodeURIComponent(name)}`

export function stepOf(namespace: string, need: Need): Step {
  const { definition = '', queue = '', schedule = '', worker = '', run = '' } = need
  const command = (...parts: string[]): string => commandText(namespace, ...parts)
  const short = shortId(run)
  const isUnserved = need.why === 'no-worker' || need.why === 'untaken'
  switch (need.is) {
    case 'stuck':
      return {
        icon: 'warning',
        tone: 'text-failed',
        // Stuck or parked: the list tells them apart by their reasons.
        to: need.count === 1 ? at('runs', run) : '/runs',
        search: need.count === 1 ? {} : { state: ['paused'], definition: [definition] },
        next: 'See on what',
        command: command('explain', short),
      }
    case 'queue':
      return {
        icon: need.why === 'paused' ? 'pause' : 'warning',
        tone: isUnserved ? 'text-failed' : 'text-paused',
        to: at('queues', queue),
        search: {},
        next: need.why === 'paused' ? 'Resume it' : isUnserved ? 'See who could' : 'See why',
        command:
          need.why === 'paused'
            ? command('queue', 'resume', queue)
            : isUnserved
              ? command('definition', 'ls')
              : command('list', '--queue', queue, '--state', 'queued'),
      }
    case 'worker':
      return {
        icon: 'workers',
        tone: 'text-failed',
        to: need.why === 'silent' ? '/workers' : at('workers', worker),
        search: {},
        next: need.why === 'silent' ? 'Who is left' : 'Look at it',
        command: need.why === 'silent' ? command('worker', 'ls') : command('show', short),
      }
    case 'failing':
      return {
        icon: 'failed',
        tone: 'text-failed',
        to: '/runs',
        search: { state: ['failed', 'timed_out'], definition: [definition] },
        next: 'Look at them',
        command: command('list', '--name', definition, '--state', 'failed', '--state', 'timed_out'),
      }
    case 'sequence':
      return { icon: 'failed', tone: 'text-failed', to: at('runs', run), search: {}, next: 'See what stopped it', command: command('explain', short) }
    case 'parked':
      return {
        icon: 'pause',
        tone: 'text-paused',
        to: '/runs',
        search: { state: ['paused'], reason: ['parked'], definition: [definition] },
        next: 'Resume or cancel',
        command: command('resume', '--where', `name=${definition},reason=parked`),
      }
    case 'schedule':
      return {
        icon: 'schedules',
        tone: need.why === 'refused' || need.why === 'stuck' ? 'text-failed' : 'text-paused',
        to: at('schedules', schedule),
        search: {},
        next: need.why === 'gone-from-code' ? 'Delete or keep it' : need.why === 'stuck' ? 'See on what' : 'See its ledger',
        command: command('schedule', need.why === 'gone-from-code' ? 'show' : need.why === 'stuck' ? 'explain' : 'ledger', schedule),
      }
  }
}

/** What of the text is a name, to set it off: `before`, the name, and the rest. */
export function namedIn({ text, definition, queue, schedule, key }: Need): [string, string, string] {
  const name = key ?? schedule ?? queue ?? definition
  const from = name === undefined ? -1 : text.indexOf(name)
  return name === undefined || from < 0 ? [text, '', ''] : [text.slice(0, from), name, text.slice(from + name.length)]
}
