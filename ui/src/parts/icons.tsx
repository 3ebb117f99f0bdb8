import { classes } from './classes.ts'

/** Drawn for 16 px with a stroke of 1.5, in the colour of the text around. An icon is never alone: a word or a label stands beside it. */
const PATHS = {
  home: 'M2.5 7.2 8 2.5l5.5 4.7v6.3h-3.8V9.8H6.3v3.7H2.5z',
  runs: 'M2.5 4h2M7 4h6.5M2.5 8h2M7 8h6.5M2.5 12h2M7 12h6.5',
  schedules: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.8V8l2.2 1.6',
  queues: 'M2.5 3.5h11v2.8h-11zM2.5 9.7h11v2.8h-11z',
  assets: 'M3 4.5C3 3.1 5.2 2.5 8 2.5s5 .6 5 2-2.2 2-5 2-5-.6-5-2zM3 4.5v7c0 1.4 2.2 2 5 2s5-.6 5-2v-7M3 8c0 1.4 2.2 2 5 2s5-.6 5-2',
  limits: 'M2.8 12.5a6 6 0 1 1 10.4 0M8 9.5l2.8-3.3M7.3 10h1.4',
  workers: 'M3 4h10v8H3zM6 2v2M10 2v2M6 12v2M10 12v2M1.5 8H3M13 8h1.5M6.5 7h3v2h-3z',
  definitions: 'M5.5 3.5 2 8l3.5 4.5M10.5 3.5 14 8l-3.5 4.5M9 3 7 13',
  batches: 'M8 2 14 5 8 8 2 5zM2.5 8 8 10.8 13.5 8M2.5 11 8 13.8 13.5 11',
  settings: 'M2.5 4.5h6M11.5 4.5h2M2.5 11.5h2M7.5 11.5h6M10 3v3M6 10v3',
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.7 10.7 14 14',
  close: 'M4 4l8 8M12 4l-8 8',
  check: 'M3 8.5 6.5 12 13 4.5',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  chevron: 'M4.5 6.5 8 10l3.5-3.5',
  up: 'M4.5 9.5 8 6l3.5 3.5',
  right: 'M6.5 4.5 10 8l-3.5 3.5',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  retry: 'M13 8a5 5 0 1 1-1.6-3.7L13 5.8M13 2.5v3.3H9.7',
  stop: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM6 6h4v4H6z',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  play: 'M5 3.5v9l7.5-4.5z',
  warning: 'M8 2.5 14 13H2zM8 6.5v3M8 11.2v.1',
  failed: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4',
  completed: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM5.3 8.2 7.3 10.2 10.8 6',
  clock: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 5v3.3l2 1.2',
  timeout: 'M4 2.5h8M4 13.5h8M5 2.5c0 3.5 6 7.5 6 11M11 2.5c0 3.5-6 7.5-6 11',
  dash: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM5.5 8h5',
  dot: 'M8 10.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z',
  ring: 'M8 13A5 5 0 1 0 8 3a5 5 0 0 0 0 10z',
  half: 'M8 13A5 5 0 1 0 8 3a5 5 0 0 0 0 10zM8 3v10',
  command: 'M3 4.5 6.5 8 3 11.5M8 12h5',
  theme: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 2v12M8 5l5 1.5M8 8h6M8 11l5-1.5',
  globe: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM2 8h12M8 2c2.2 2 2.8 4 2.8 6S10.2 12 8 14C5.8 12 5.2 10 5.2 8S5.8 4 8 2z',
  download: 'M8 2.5V10M4.8 7 8 10.2 11.2 7M2.5 13.5h11',
  keyboard: 'M1.5 4.5h13v7h-13zM4 7h.01M6.5 7h.01M9 7h.01M11.5 7h.01M5 9.5h6',
  menu: 'M2.5 4.5h11M2.5 8h11M2.5 11.5h11',
  link: 'M6.5 4H4a4 4 0 0 0 0 8h2.5M9.5 4H12a4 4 0 0 1 0 8H9.5M5.5 8h5',
  plus: 'M8 3v10M3 8h10',
  minus: 'M3 8h10',
  whole: 'M2.5 5.5v-3h3M10.5 2.5h3v3M13.5 10.5v3h-3M5.5 13.5h-3v-3',
} as const
export type IconName = keyof typeof PATHS

export function Icon({ name, size = 16, className }: { name: IconName; size?: 12 | 14 | 16 | 20; className?: string }) {
  return (
    <svg
      viewBox="0 0 16 16"
      width={size}
      height={size}
      fill="none"
      stroke="currentColor"
      strokeWidth={size < 16 ? 1.7 : 1.5}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      className={classes('shrink-0', className)}
    >
      <path d={PATHS[name]} />
    </svg>
  )
}

const masks = new Map<IconName, string>()
/** The same as a mask, for the class `masked-icon`: one element where thousands of icons stand beside each other. */
export function iconMask(name: IconName): string {
  let mask = masks.get(name)
  if (mask === undefined) {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="none" stroke="#000" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round"><path d="${PATHS[name]}"/></svg>`
    mask = `url("data:image/svg+xml,${encodeURIComponent(svg)}")`
    masks.set(name, mask)
  }
  return mask
}

/** A spring that has been let go. */
export function Logo({ size = 20 }: { size?: number }) {
  return (
    <svg viewBox="0 0 24 24" width={size} height={size} fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" aria-hidden="true">
      <path d="M12.4 11.2a1.3 1.3 0 0 0-1.7 1.4 2.6 2.6 0 0 0 2.9 2.2 4.3 4.3 0 0 0 3.5-4.8 6 6 0 0 0-6.7-5A7.9 7.9 0 0 0 4 13.8a9.6 9.6 0 0 0 10.2 7.6M14.2 21.4h6.3" />
    </svg>
  )
}
