import { type ElementType, type ReactNode, type Ref, useEffect } from 'react'

/**
 * Stands in for react-remove-scroll (vite.config.ts), which Radix uses below dialogs and menus and which writes <style> elements. The console's page itself
 * never scrolls, its main area does: so that is held still.
 */
export function RemoveScroll({ as: As = 'div', children, allowPinchZoom: _, shards: __, ...rest }: Props) {
  useEffect(() => {
    locks++
    document.documentElement.toggleAttribute('data-locked', true)
    return () => {
      locks--
      document.documentElement.toggleAttribute('data-locked', locks > 0)
    }
  }, [])
  return <As {...rest}>{children}</As>
}

interface Props {
  as?: ElementType
  children?: ReactNode
  ref?: Ref<HTMLElement>
  allowPinchZoom?: boolean
  shards?: unknown
  [rest: string]: unknown
}
let locks = 0
