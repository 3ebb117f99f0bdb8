import { prefer, usePreferences } from '../format/preferences.ts'
import { browserZone, exactTime } from '../format/time.ts'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { ZoneForm } from '../parts/zone-form.tsx'

/** In which zone times are shown: the browser's, UTC, or any other. */
export function ZoneDialog({ open, onClose }: { open: boolean; onClose(): void }) {
  const { zone } = usePreferences()
  const choose = (next: string | null): void => {
    prefer({ zone: next })
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
      <ZoneForm onChoose={choose} />
    </Dialog>
  )
}
