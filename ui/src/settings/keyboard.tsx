import { PLACES } from '../app/places.ts'
import { keysText } from '../parts/commands.ts'
import { Panel } from '../parts/panel.tsx'

type Shortcut = readonly [keys: string, does: string]

const GROUPS: readonly (readonly [group: string, shortcuts: readonly Shortcut[]])[] = [
  [
    'Everywhere',
    [
      ['mod+k', 'Find a page, an action, a definition, a run'],
      ['?', 'What works on the page where one is'],
      ['Escape', 'Close, or leave a field'],
    ],
  ],
  ['Go to', PLACES.map(({ key, label }): Shortcut => [`g ${key}`, label])],
  [
    'In lists',
    [
      ['/', 'Filter'],
      ['j', 'Next row'],
      ['k', 'Row before'],
      ['o', 'Open it (Enter, too)'],
      ['x', 'Pick it, where rows can be picked'],
    ],
  ],
  [
    'On pages',
    [
      ['n', 'Start a run, or make something new'],
      ['e', 'Change a limit or an option'],
      ['p', 'Pause'],
      ['r', 'Retry, resume'],
      ['c', 'Cancel'],
      ['d', 'Drain a worker'],
    ],
  ],
]

/** What the keyboard does. `?` tells the same of the page where one is. */
export function KeyboardSettings() {
  return (
    <div className="grid grid-cols-2 items-start gap-4 max-lg:grid-cols-1">
      {GROUPS.map(([group, shortcuts]) => (
        <Panel key={group} title={group} padded={false}>
          <dl>
            {shortcuts.map(([keys, does]) => (
              <div key={keys} className="flex items-baseline justify-between gap-4 border-b border-line px-3 py-1.5 last:border-b-0">
                <dt>{does}</dt>
                <dd>
                  <kbd className="rounded-small border border-line px-1.5 py-0.5">{keysText(keys)}</kbd>
                </dd>
              </div>
            ))}
          </dl>
        </Panel>
      ))}
    </div>
  )
}
