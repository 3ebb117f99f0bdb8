import { Link } from '@tanstack/react-router'
import { prefer, usePreferences } from '../format/preferences.ts'
import { browserZone } from '../format/time.ts'
import { Icon } from '../parts/icons.tsx'
import type { SchedulesSearch } from './search.ts'

interface RangeHeadProps {
  /** Friday, 28 November 2026. */
  title: string
  /** What is unusual about it. */
  note?: string | null
  before: SchedulesSearch
  after: SchedulesSearch
  /** To today; null: it is shown. */
  today: SchedulesSearch | null
  what: 'day' | 'month'
  zones: readonly string[]
}

const STEP = 'inline-flex size-8 items-center justify-center rounded border border-line bg-surface text-soft hover:bg-hover hover:text-ink'

/** Which day or month is shown, those beside it, and in whose clock. */
export function RangeHead({ title, note, before, after, today, what, zones }: RangeHeadProps) {
  const { zone } = usePreferences()
  const offered = [...new Set(['UTC', ...zones, ...(zone === null ? [] : [zone])])]
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-2 px-4 pb-2 max-sm:px-3">
      <nav aria-label={`Another ${what}`} className="flex items-center gap-1">
        <Link to="/schedules" search={before} aria-label={`The ${what} before`} className={STEP}>
          <Icon name="right" size={14} className="rotate-180" />
        </Link>
        <Link to="/schedules" search={after} aria-label={`The next ${what}`} className={STEP}>
          <Icon name="right" size={14} />
        </Link>
        {today !== null && (
          <Link to="/schedules" search={today} className="inline-flex h-8 items-center rounded border border-line bg-surface px-2.5 hover:bg-hover">
            {what === 'day' ? 'Today' : 'This month'}
          </Link>
        )}
      </nav>
      <h2 className="text-large font-semibold">{title}</h2>
      {note && (
        <span className="inline-flex items-center gap-1.5 font-medium text-paused">
          <Icon name="warning" size={14} /> {note}
        </span>
      )}
      <span className="grow" />
      <label className="flex items-center gap-2 text-soft">
        <span>in</span>
        <select
          aria-label="Time zone"
          value={zone ?? ''}
          onChange={event => prefer({ zone: event.target.value === '' ? null : event.target.value })}
          className="h-8 rounded border border-edge bg-surface px-2 text-ink"
        >
          <option value="">{browserZone()} (the browser's)</option>
          {offered.map(name => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
    </div>
  )
}
