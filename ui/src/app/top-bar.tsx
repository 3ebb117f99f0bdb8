import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useNamespace } from '../api/namespace.ts'
import { currentKey, signOut } from '../api/session.ts'
import { prefer, usePreferences } from '../format/preferences.ts'
import { browserZone } from '../format/time.ts'
import { IconButton } from '../parts/button.tsx'
import { useCommand } from '../parts/commands.ts'
import { Icon, Logo } from '../parts/icons.tsx'
import { Menu } from '../parts/menu.tsx'
import { Connection } from './connection.tsx'
import { NamespaceDialog } from './namespace-dialog.tsx'
import { ZoneDialog } from './zone-dialog.tsx'

const THEMES = [
  ['system', 'As the system'],
  ['light', 'Light'],
  ['dark', 'Dark'],
] as const

/** The namespace, the search, the connection, and how times and colours are shown. */
export function TopBar({ onFind, onShortcuts }: { onFind(): void; onShortcuts(): void }) {
  const namespace = useNamespace()
  const { theme, zone } = usePreferences()
  const navigate = useNavigate()
  const [dialog, setDialog] = useState<'namespace' | 'zone' | null>(null)
  useCommand({ label: 'Change the namespace', group: 'Console', run: () => setDialog('namespace') })
  useCommand({ label: 'Change the time zone', group: 'Console', run: () => setDialog('zone') })
  useCommand({
    label: 'Next theme',
    group: 'Console',
    run: () => prefer({ theme: theme === 'system' ? 'light' : theme === 'light' ? 'dark' : 'system' }),
  })
  return (
    <header className="flex h-12 shrink-0 items-center gap-1 border-b border-line px-3">
      <span className="mr-1 sm:hidden">
        <Logo />
      </span>
      <button
        type="button"
        onClick={() => setDialog('namespace')}
        className="flex h-8 min-w-0 items-center gap-1.5 rounded px-2 font-medium hover:bg-hover"
        aria-label={`Namespace ${namespace}, change it`}
      >
        <span className="truncate">{namespace}</span>
        <Icon name="chevron" size={12} className="text-soft" />
      </button>
      <span className="grow" />
      <Connection />
      <button
        type="button"
        onClick={onFind}
        className="flex h-8 items-center gap-2 rounded border border-line bg-surface px-2.5 text-soft hover:bg-hover max-sm:border-transparent max-sm:bg-transparent"
      >
        <Icon name="search" size={14} />
        <span className="max-md:hidden-text">Find</span>
        <kbd className="max-md:hidden">{/Mac/.test(navigator.platform) ? '⌘K' : 'Ctrl K'}</kbd>
      </button>
      <IconButton icon="globe" label={`Times are in ${zone ?? `${browserZone()} (the browser's zone)`}`} onClick={() => setDialog('zone')} />
      <Menu items={THEMES.map(([value, label]) => ({ label, checked: theme === value, onSelect: () => prefer({ theme: value }) }))} label="Theme">
        <button
          type="button"
          aria-label="Theme"
          className="inline-flex size-8 items-center justify-center rounded text-soft hover:bg-hover hover:text-ink"
        >
          <Icon name="theme" />
        </button>
      </Menu>
      <span className="flex max-sm:hidden">
        <IconButton icon="keyboard" label="Shortcuts" keys="?" onClick={onShortcuts} />
      </span>
      {currentKey() !== null && <IconButton icon="close" label="Forget the API key" onClick={signOut} />}
      <NamespaceDialog
        open={dialog === 'namespace'}
        namespace={namespace}
        onClose={() => setDialog(null)}
        onChoose={next => {
          setDialog(null)
          void navigate({ to: '/', search: { namespace: next === 'default' ? undefined : next } as never })
        }}
      />
      <ZoneDialog open={dialog === 'zone'} onClose={() => setDialog(null)} />
    </header>
  )
}
