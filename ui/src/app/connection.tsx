import { useConnection } from '../api/live.ts'
import { Icon } from '../parts/icons.tsx'
import { Duration, Time } from '../parts/time.tsx'

/** Whether what one sees is live. */
export function Connection() {
  const { is } = useConnection()
  return (
    <span data-connection={is} className={`flex items-center gap-1.5 px-2 text-small ${is === 'lost' ? 'text-paused' : 'text-soft'}`}>
      <Icon name={is === 'live' ? 'dot' : 'half'} size={12} className={is === 'live' ? 'text-completed' : 'pulse'} />
      <span className="max-sm:hidden">{is === 'live' ? 'live' : is === 'lost' ? 'lost' : 'connecting'}</span>
      <span className="hidden-text sm:hidden">{is}</span>
    </span>
  )
}

/** What one sees is old: since when, and that somebody is at it. */
export function ConnectionBanner() {
  const state = useConnection()
  return (
    <div role="status">
      {state.is === 'lost' && (
        <p className="flex flex-wrap items-center gap-x-1.5 border-b border-line bg-hover px-4 py-1.5">
          <Icon name="warning" size={14} className="text-paused" />
          The connection was lost <Duration from={new Date(state.since).toISOString()} to={null} /> ago, at{' '}
          <Time at={new Date(state.since).toISOString()} as="clock" />. What you see is from then; it is tried again and catches up by itself.
        </p>
      )}
    </div>
  )
}
