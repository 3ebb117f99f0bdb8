import { Link } from '@tanstack/react-router'
import { Icon, Logo } from '../parts/icons.tsx'
import { PLACES } from './places.ts'

/** At the left; on a phone a bar at the bottom that one pushes sideways. */
export function Navigation() {
  return (
    <nav
      aria-label="Pages"
      className="flex w-48 shrink-0 flex-col gap-0.5 overflow-y-auto border-r border-line px-2 py-3 max-lg:w-13 max-sm:w-full max-sm:flex-row max-sm:overflow-x-auto max-sm:border-r-0 max-sm:border-t max-sm:bg-surface max-sm:px-1 max-sm:py-1"
    >
      <Link
        to="/"
        aria-label="Mainspring, home"
        className="mb-3 flex h-8 items-center gap-2 px-2 text-large font-semibold tracking-tight max-sm:hidden"
      >
        <Logo />
        <span className="max-lg:hidden">Mainspring</span>
      </Link>
      {PLACES.map(({ to, label, icon, key }) => (
        <Link
          key={to}
          to={to}
          preload="intent"
          activeOptions={{ exact: to === '/' }}
          activeProps={{ 'aria-current': 'page', className: 'bg-picked text-ink font-medium' }}
          inactiveProps={{ className: 'text-soft hover:bg-hover hover:text-ink' }}
          title={`${label} (g ${key})`}
          className="flex h-8 shrink-0 items-center gap-2.5 rounded px-2 max-sm:h-11 max-sm:flex-col max-sm:justify-center max-sm:gap-0.5 max-sm:px-2.5 max-sm:text-tiny"
        >
          <Icon name={icon} />
          <span className="max-lg:hidden max-sm:inline">{label}</span>
        </Link>
      ))}
    </nav>
  )
}
