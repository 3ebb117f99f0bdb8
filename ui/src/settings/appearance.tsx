import { useNow } from '../format/clock.ts'
import { type Preferences, prefer, usePreferences } from '../format/preferences.ts'
import { absoluteTime, browserZone, relativeTime } from '../format/time.ts'
import { Panel } from '../parts/panel.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { Views } from '../parts/views.tsx'
import { ZoneForm } from '../parts/zone-form.tsx'

const SHOWN = ['queued', 'running', 'waiting', 'paused', 'completed', 'failed', 'cancelled'] as const

/** How this browser shows it: of nobody else, and in no address. */
export function AppearanceSettings() {
  const { theme, zone } = usePreferences()
  return (
    <div className="grid grid-cols-2 items-start gap-4 max-lg:grid-cols-1">
      <Panel title="Theme">
        <div className="flex flex-col items-start gap-4">
          <Views<Preferences['theme']>
            label="Theme"
            value={theme}
            onChange={next => prefer({ theme: next })}
            views={[
              { value: 'system', label: 'As the system' },
              { value: 'light', label: 'Light' },
              { value: 'dark', label: 'Dark' },
            ]}
          />
          <p className="flex flex-wrap gap-x-4 gap-y-1">
            {SHOWN.map(state => (
              <StateBadge key={state} state={state} />
            ))}
          </p>
        </div>
      </Panel>
      <Panel title="Time zone">
        <Zone zone={zone} />
      </Panel>
    </div>
  )
}

function Zone({ zone }: { zone: string | null }) {
  const now = useNow()
  const browser = browserZone()
  const own = zone !== null && zone !== 'UTC' ? [{ value: zone, label: zone }] : []
  return (
    <div className="flex flex-col items-start gap-4">
      <Views
        label="Time zone"
        value={zone ?? ''}
        onChange={next => prefer({ zone: next === '' ? null : next })}
        views={[{ value: '', label: `The browser's: ${browser}` }, ...(browser === 'UTC' ? [] : [{ value: 'UTC', label: 'UTC' }]), ...own]}
      />
      <div className="w-full max-w-96">
        <ZoneForm onChoose={chosen => prefer({ zone: chosen })} />
      </div>
      <p className="text-soft">
        It is {absoluteTime(now, zone)}; a minute before was {relativeTime(now - 60_000, now)}. Each time here says its exact instant when one points
        at it.
      </p>
    </div>
  )
}
