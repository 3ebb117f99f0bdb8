import { useRouterState } from '@tanstack/react-router'
import { type ReactNode, useEffect, useRef } from 'react'

export interface PageProps {
  /** The heading, and the document's title. */
  title: string
  /** In the heading's place, where more than text stands there. */
  heading?: ReactNode
  /** Buttons at the right of the heading. */
  actions?: ReactNode
  /** Its content scrolls by itself (a table): the page fills the height. */
  fills?: boolean
  children: ReactNode
}

/** A page's frame. After a navigation the focus stands on its heading, so that a screen reader says where one is. */
export function Page({ title, heading, actions, fills = false, children }: PageProps) {
  const focus = useRef<HTMLHeadingElement>(null)
  const path = useRouterState({ select: state => state.location.pathname })
  useEffect(() => {
    document.title = `${title} · Mainspring`
  }, [title])
  // biome-ignore lint/correctness/useExhaustiveDependencies: the path is what it waits for
  useEffect(() => {
    if (navigations > 0) focus.current?.focus({ preventScroll: true })
    navigations++
  }, [path])
  return (
    <div className={fills ? 'flex h-full min-h-0 flex-col' : 'mx-auto flex max-w-[1280px] flex-col gap-4 p-4 max-sm:p-3'}>
      <header className={`flex flex-wrap items-center justify-between gap-x-4 gap-y-2 ${fills ? 'px-4 pt-4 max-sm:px-3' : ''}`}>
        <h1 ref={focus} tabIndex={-1} className="min-w-0 text-title font-semibold">
          {heading ?? title}
        </h1>
        {actions && <div className="flex flex-wrap items-center gap-1">{actions}</div>}
      </header>
      {children}
    </div>
  )
}
/** The first page was not navigated to: the focus stays where the browser has it. */
let navigations = 0
