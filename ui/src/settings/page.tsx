import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Page } from '../app/page.tsx'
import { Tabs } from '../parts/tabs.tsx'
import { AppearanceSettings } from './appearance.tsx'
import { KeyboardSettings } from './keyboard.tsx'
import { KeySettings } from './keys.tsx'
import { NamespaceSettings } from './namespaces.tsx'
import { NodeSettings } from './nodes.tsx'
import type { SettingsTab } from './route.ts'
import { ServerSettings } from './server.tsx'
import { VariableSettings } from './variables.tsx'

const route = getRouteApi('/settings')

/** What this server is, who may call it, and how this browser shows it. */
export function SettingsPage() {
  const { tab = 'server' } = route.useSearch()
  const navigate = useNavigate()
  return (
    <Page title="Settings">
      <Tabs
        label="Settings"
        value={tab}
        onChange={next => void navigate({ to: '/settings', search: next === 'server' ? {} : { tab: next as SettingsTab } })}
        tabs={[
          { value: 'server', label: 'Server', content: <ServerSettings /> },
          { value: 'nodes', label: 'Nodes', content: <NodeSettings /> },
          { value: 'keys', label: 'API keys', content: <KeySettings /> },
          { value: 'variables', label: 'Variables', content: <VariableSettings /> },
          { value: 'namespaces', label: 'Namespaces', content: <NamespaceSettings /> },
          { value: 'appearance', label: 'Appearance', content: <AppearanceSettings /> },
          { value: 'keyboard', label: 'Keyboard', content: <KeyboardSettings /> },
        ]}
      />
    </Page>
  )
}
