import { Link, type LinkProps } from '@tanstack/react-router'
import type { ReactNode } from 'react'

/** The heading of one thing out of a list: the list, then its name, then what it is. */
export function Crumbs({ to, list, name, children }: { to: LinkProps['to']; list: string; name: string; children?: ReactNode }) {
  return (
    <span className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-1">
      <Link to={to as '/'} className="font-normal text-soft hover:text-ink">
        {list}
      </Link>
      <span aria-hidden="true" className="font-normal text-soft">
        /
      </span>
      <span className="min-w-0 break-words">{name}</span>
      {children !== undefined && <span className="flex flex-wrap items-center gap-2 text-base font-normal">{children}</span>}
    </span>
  )
}
