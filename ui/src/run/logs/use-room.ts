import { type RefObject, useLayoutEffect, useState } from 'react'

const LEAST = 320
/** Below it: the panel's edge and the page's. */
const FOOT = 20

/** How high an element may be to end where the page's sight ends, so that its last line is seen without scrolling the page. */
export function useRoomBelow(element: RefObject<HTMLElement | null>): number {
  const [room, setRoom] = useState(LEAST)
  useLayoutEffect(() => {
    const { current } = element
    const page = current?.closest('main')
    if (!current || !page) return
    const measure = (): void => {
      const top = current.getBoundingClientRect().top - page.getBoundingClientRect().top + page.scrollTop
      setRoom(Math.max(LEAST, page.clientHeight - top - FOOT))
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(page)
    for (const child of page.children) observer.observe(child)
    return () => observer.disconnect()
  }, [element])
  return room
}
