import { useState } from 'react'
import { isZone, prefer, usePreferences } from '../format/preferences.ts'
import { browserZone, exactTime } from '../format/time.ts'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { TextField } from '../parts/field.tsx'

/** In which zone times are shown: the browser's, UTC, or any other. */
export function ZoneDialog({ open, onClose }: { open: boolean; onClose(): void }) {
  const { zone } = usePreferences()
  const [typed, setTyped] = useState('')
  const unknown = typed !== '' && !isZone(typed)
  const choose = (next: string | null): void => {
    prefer({ zone: next })
    setTyped('')
    onClose()
  }
  return (
    <Dialog open={open} onClose={onClose} title="Time zone" description={`It is ${exactTime(Date.now(), zone)}.`}>
      <div className="mb-3 flex flex-wrap gap-2">
        <Button aria-pressed={zone === null} onClick={() => choose(null)}>
          The browser's: {browserZone()}
        </Button>
        <Button aria-pressed={zone === 'UTC'} onClick={() => choose('UTC')}>
          UTC
        </Button>
        {zone !== null && zone !== 'UTC' && <Button aria-pressed>{zone}</Button>}
      </div>
      <form
        className="flex items-end gap-2"
        onSubmit={event => {
          event.preventDefault()
          if (typed !== '' && !unknown) choose(typed)
        }}
      >
        <div className="grow">
          <TextField
            label="Another"
            list="zones"
            placeholder="Europe/Lisbon"
            value={typed}
            onChange={event => setTyped(event.target.value)}
            problem={unknown && typed.length > 3 ? 'not the name of a zone' : null}
          />
          <datalist id="zones">
            {Intl.supportedValuesOf('timeZone').map(name => (
              <option key={name} value={name} />
            ))}
          </datalist>
        </div>
        <Button type="submit" disabled={typed === '' || unknown}>
          Use it
        </Button>
      </form>
    </Dialog>
  )
}
