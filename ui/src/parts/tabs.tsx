import * as RadixTabs from '@radix-ui/react-tabs'
import type { ReactNode } from 'react'

export interface TabsProps {
  label: string
  /** The one that is shown: from the address, so that a link shows the same. */
  value: string
  onChange(value: string): void
  tabs: readonly { value: string; label: ReactNode; content: ReactNode }[]
}

/** Parts of a page, one at a time. Only what is shown is there. */
export function Tabs({ label, value, onChange, tabs }: TabsProps) {
  return (
    <RadixTabs.Root value={value} onValueChange={onChange} activationMode="manual" className="flex min-w-0 flex-col gap-4">
      <RadixTabs.List aria-label={label} className="flex gap-4 overflow-x-auto border-b border-line">
        {tabs.map(tab => (
          <RadixTabs.Trigger
            key={tab.value}
            value={tab.value}
            className="-mb-px flex h-9 shrink-0 items-center gap-1.5 border-b-2 border-transparent text-soft -outline-offset-2 hover:text-ink data-[state=active]:border-ink data-[state=active]:font-medium data-[state=active]:text-ink"
          >
            {tab.label}
          </RadixTabs.Trigger>
        ))}
      </RadixTabs.List>
      {tabs.map(tab => (
        <RadixTabs.Content key={tab.value} value={tab.value} className="min-w-0">
          {tab.content}
        </RadixTabs.Content>
      ))}
    </RadixTabs.Root>
  )
}
