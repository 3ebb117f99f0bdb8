import type { IconName } from '../parts/icons.tsx'

/** The pages of the navigation, in the order of questions: is anything wrong, what happened, what comes next, what waits for a person, who does the work, what did we deploy. */
export const PLACES = [
  { to: '/', label: 'Home', icon: 'home', key: 'h' },
  { to: '/runs', label: 'Runs', icon: 'runs', key: 'r' },
  { to: '/schedules', label: 'Schedules', icon: 'schedules', key: 's' },
  { to: '/data', label: 'Assets', icon: 'assets', key: 'o' },
  { to: '/approvals', label: 'Approvals', icon: 'completed', key: 'a' },
  { to: '/queues', label: 'Queues', icon: 'queues', key: 'q' },
  { to: '/limits', label: 'Limits', icon: 'limits', key: 'l' },
  { to: '/workers', label: 'Workers', icon: 'workers', key: 'w' },
  { to: '/definitions', label: 'Definitions', icon: 'definitions', key: 'd' },
  { to: '/batches', label: 'Batches', icon: 'batches', key: 'b' },
  { to: '/settings', label: 'Settings', icon: 'settings', key: ',' },
] as const satisfies readonly { to: string; label: string; icon: IconName; key: string }[]
