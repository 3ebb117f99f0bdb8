import * as DropdownMenu from '@radix-ui/react-dropdown-menu'
import type { ReactElement, ReactNode } from 'react'
import { Icon, type IconName } from './icons.tsx'

export interface MenuItem {
  label: ReactNode
  icon?: IconName
  /** Present: it is one of several, and this one holds or not. */
  checked?: boolean
  danger?: boolean
  onSelect(): void
}

/** A menu behind its trigger. */
export function Menu({ children, items, label }: { children: ReactElement; items: readonly MenuItem[]; label?: string }) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{children}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="end"
          sideOffset={4}
          collisionPadding={8}
          className="appear z-40 max-h-[var(--radix-dropdown-menu-content-available-height)] min-w-44 overflow-y-auto rounded border border-line bg-raised p-1 shadow-overlay"
        >
          {label && <DropdownMenu.Label className="px-2 py-1 text-small text-soft">{label}</DropdownMenu.Label>}
          {items.map((item, index) => (
            <DropdownMenu.Item
              // biome-ignore lint/suspicious/noArrayIndexKey: a menu's items have no other identity
              key={index}
              onSelect={item.onSelect}
              aria-current={item.checked || undefined}
              className={`flex h-8 cursor-pointer select-none items-center gap-2 rounded-small px-2 outline-none data-highlighted:bg-hover ${item.danger ? 'text-failed' : ''}`}
            >
              {item.checked !== undefined && <span className="w-3.5">{item.checked && <Icon name="check" size={14} />}</span>}
              {item.icon && <Icon name={item.icon} size={14} />}
              {item.label}
            </DropdownMenu.Item>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}
