import * as Tooltip from '@radix-ui/react-tooltip'
import type { ReactElement, ReactNode } from 'react'

/** A few words on hover and focus. Never the only place where something is said. */
export function Hint({ text, children, keys }: { text: ReactNode; children: ReactElement; keys?: string | undefined }) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content
          sideOffset={6}
          collisionPadding={8}
          className="appear z-50 flex max-w-96 items-center gap-2 rounded-small bg-ink px-2 py-1 text-small text-inverse shadow-overlay"
        >
          {text}
          {keys !== undefined && <kbd className="opacity-70">{keys}</kbd>}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  )
}
export const HintProvider = Tooltip.Provider
