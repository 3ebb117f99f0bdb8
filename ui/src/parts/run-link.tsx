import { useRouter } from '@tanstack/react-router'
import type { MouseEvent } from 'react'
import { shortId } from '../format/id.ts'

/** As the router's own links wait. */
const INTENT_MS = 50
/** One is pointed at or has the focus; whoever leaves it for the next one has meant neither. */
let intent = 0

/**
 * A run by its id, as a link: for lists, which have dozens of these and others each moment. The router's own would each follow the address and build
 * what it leads to anew; this one is an anchor that asks when it is drawn.
 */
export function RunLink({ run }: { run: string }) {
  const router = useRouter()
  const to = { to: '/runs/$run', params: { run }, search: {} } as const
  const meant = (): void => {
    window.clearTimeout(intent)
    intent = window.setTimeout(() => void router.preloadRoute(to), INTENT_MS)
  }
  const left = (): void => window.clearTimeout(intent)
  const clicked = (event: MouseEvent): void => {
    if (event.button !== 0 || event.metaKey || event.altKey || event.ctrlKey || event.shiftKey) return
    event.preventDefault()
    left()
    void router.navigate(to)
  }
  return (
    <a
      href={router.buildLocation(to).href}
      title={run}
      className="font-mono text-small hover:underline"
      onClick={clicked}
      onMouseEnter={meant}
      onMouseLeave={left}
      onFocus={meant}
      onBlur={left}
    >
      {shortId(run)}
    </a>
  )
}
