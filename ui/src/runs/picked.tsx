import { useState } from 'react'
import type { Run } from '../api/client.ts'
import { countText } from '../format/number.ts'
import { Button, IconButton } from '../parts/button.tsx'
import { useCommand } from '../parts/commands.ts'
import { Menu } from '../parts/menu.tsx'
import { ACTIONS, type ActionName, filterFor, PICKED_MAX, type Picks, unsaid } from './bulk.ts'
import { BulkDialog } from './bulk-dialog.tsx'
import type { RunsSearch } from './search.ts'

export interface PickedProps {
  namespace: string
  search: RunsSearch
  runs: readonly Run[]
  /** All that match, not only those picked by hand. */
  all: boolean
  /** How many match, where that is known. */
  matching: { count: number; least: boolean } | null
  onAll(): void
  onClear(): void
}

/** What can be done with the runs that are picked; stands over the list's foot, so that no row moves. */
export function Picked({ namespace, search, runs, all, matching, onAll, onClear }: PickedProps) {
  const [asked, setAsked] = useState<ActionName | null>(null)
  const picks: Picks = all ? { is: 'all', search } : { is: 'some', runs }
  const some = all || runs.length > 0
  useCommand({ label: 'Let go of what is picked', group: 'List', keys: 'Escape', keysOnly: true, run: onClear }, some && asked === null)
  const can = (name: ActionName): boolean => filterFor(ACTIONS[name], picks) !== null
  const cannotSay = unsaid(search)
  const number = matching === null ? '' : ` ${countText(matching.count)}${matching.least ? '+' : ''}`
  return (
    <>
      {some && (
        <section
          aria-label="Picked runs"
          className="appear pointer-events-auto absolute inset-x-0 bottom-4 z-20 mx-auto flex w-fit max-w-[calc(100%-24px)] flex-wrap items-center gap-x-1.5 gap-y-1 rounded border border-line bg-raised px-2 py-1.5 shadow-overlay max-sm:bottom-2"
        >
          <span role="status" className="px-1.5 font-medium">
            {all ? `All${number} that match` : `${countText(runs.length)} picked`}
          </span>
          {!all &&
            runs.length > 1 &&
            (cannotSay.length === 0 ? (
              <Button kind="quiet" className="text-soft" onClick={onAll}>
                All{number} that match
              </Button>
            ) : (
              <span className="text-small text-soft">All that match: not with {cannotSay.join(', ')}</span>
            ))}
          {runs.length > PICKED_MAX && !all && <span className="text-small text-paused">the first {countText(PICKED_MAX)} of them</span>}
          <span aria-hidden="true" className="mx-1 h-5 w-px bg-line max-sm:hidden" />
          {(['cancel', 'retry', 'resume'] as const).filter(can).map(name => (
            <Button key={name} icon={ACTIONS[name].icon} onClick={() => setAsked(name)}>
              {ACTIONS[name].verb}
            </Button>
          ))}
          {(['priority', 'queue', 'delete'] as const).some(can) && (
            <Menu
              items={(['priority', 'queue', 'delete'] as const).filter(can).map(name => ({
                label: { priority: 'Change priority', queue: 'Move to another queue', delete: 'Delete' }[name],
                icon: ACTIONS[name].icon,
                danger: ACTIONS[name].danger,
                onSelect: () => setAsked(name),
              }))}
            >
              <Button icon="more">More</Button>
            </Menu>
          )}
          <IconButton icon="close" label="Let go" keys="Esc" onClick={onClear} />
        </section>
      )}
      {asked !== null && (
        <BulkDialog
          namespace={namespace}
          action={ACTIONS[asked]}
          picks={picks}
          onClose={begun => {
            setAsked(null)
            if (begun) onClear()
          }}
        />
      )}
    </>
  )
}
