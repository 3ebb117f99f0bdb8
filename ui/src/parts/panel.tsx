import { type ReactNode, useId } from 'react'
import { classes } from './classes.ts'

/** A part of a page with a title; hairlines, no shadow. `aside` stands at the right of the title. */
export function Panel({ title, aside, children, padded = true }: { title: string; aside?: ReactNode; children: ReactNode; padded?: boolean }) {
  const id = useId()
  return (
    <section aria-labelledby={id} className="min-w-0 rounded border border-line bg-surface">
      <header className="flex min-h-10 items-center justify-between gap-2 border-b border-line px-3">
        <h2 id={id} className="font-semibold">
          {title}
        </h2>
        {aside !== undefined && <div className="flex items-center gap-1 text-soft">{aside}</div>}
      </header>
      <div className={classes(padded && 'p-3')}>{children}</div>
    </section>
  )
}

/** Names and values in a grid. */
export function Facts({ facts }: { facts: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className="grid grid-cols-[repeat(auto-fill,minmax(150px,1fr))] gap-x-4 gap-y-3">
      {facts.map(([name, value]) => (
        <div key={name} className="min-w-0">
          <dt className="text-small text-soft">{name}</dt>
          <dd className="break-words">{value}</dd>
        </div>
      ))}
    </dl>
  )
}
