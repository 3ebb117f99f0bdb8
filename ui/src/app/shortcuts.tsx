import { keysText, useCommands } from '../parts/commands.ts'
import { Dialog } from '../parts/dialog.tsx'

/** All keys that do something here, those of the page too. */
export default function Shortcuts({ onClose }: { onClose(): void }) {
  const commands = useCommands().filter(command => command.keys !== undefined)
  const groups = [...new Set(commands.map(command => command.group))]
  return (
    <Dialog open onClose={onClose} title="Shortcuts" wide>
      <div className="columns-2 gap-8 max-sm:columns-1">
        {groups.map(group => (
          <section key={group} className="mb-4 break-inside-avoid">
            <h2 className="mb-1 text-small text-soft">{group}</h2>
            <dl>
              {commands
                .filter(command => command.group === group)
                .map(command => (
                  <div key={`${command.keys} ${command.label}`} className="flex items-baseline justify-between gap-4 border-b border-line py-1">
                    <dt>{command.label}</dt>
                    <dd>
                      <kbd className="rounded-small border border-line px-1.5 py-0.5">{keysText(command.keys ?? '')}</kbd>
                    </dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  )
}
