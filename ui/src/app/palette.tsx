import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Command } from 'cmdk'
import { useState } from 'react'
import { call, client } from '../api/client.ts'
import { useNamespace } from '../api/namespace.ts'
import { keysText, useCommands } from '../parts/commands.ts'
import { Icon, type IconName } from '../parts/icons.tsx'

const RUN_ENDING = /^[0-9a-hjkmnp-tv-z]{4,26}$/

/** Ctrl/Cmd-K: pages, what the page can do, a run by the ending of its id, definitions and schedules by name. */
export default function Palette({ onClose }: { onClose(): void }) {
  const [typed, setTyped] = useState('')
  const namespace = useNamespace()
  const navigate = useNavigate()
  const commands = useCommands().filter(command => !command.keysOnly)
  const path = { namespace }
  const definitions = useQuery({
    queryKey: [namespace, 'definitions'],
    queryFn: () => call(client.GET('/v1/namespaces/{namespace}/definitions', { params: { path } })),
  })
  const schedules = useQuery({
    queryKey: [namespace, 'schedules', 'palette'],
    queryFn: () => call(client.GET('/v1/namespaces/{namespace}/schedules', { params: { path, query: { limit: 200 } } })),
  })
  const choose = (act: () => void) => () => {
    onClose()
    act()
  }
  const go = (to: string, search: Record<string, unknown> = {}) => choose(() => void navigate({ to: to as never, search: search as never }))
  return (
    <Command.Dialog
      open
      onOpenChange={open => !open && onClose()}
      label="Find anything"
      overlayClassName="fixed inset-0 z-40 bg-[oklch(0.2_0.02_260/0.45)]"
      contentClassName="appear fixed left-1/2 top-[12vh] z-40 w-[min(600px,calc(100vw-24px))] -translate-x-1/2 overflow-hidden rounded border border-line bg-raised shadow-overlay"
    >
      <div className="flex items-center gap-2 border-b border-line px-3">
        <Icon name="search" className="text-soft" />
        <Command.Input
          value={typed}
          onValueChange={setTyped}
          placeholder="A page, an action, a definition, the end of a run's id"
          className="h-11 w-full bg-transparent text-large outline-none"
        />
      </div>
      <Command.List className="max-h-[50vh] overflow-y-auto p-1.5">
        <Command.Empty className="p-6 text-center text-soft">Nothing is called that.</Command.Empty>
        {RUN_ENDING.test(typed) && <Item forceMount value={`run ${typed}`} icon="runs" label={`Run …${typed}`} onSelect={go(`/runs/${typed}`)} />}
        {commands.map(command => (
          <Item
            key={`${command.group} ${command.label}`}
            value={`${command.label} ${command.group}`}
            icon={command.group === 'Go to' ? 'right' : 'command'}
            label={command.group === 'Go to' ? `Go to ${command.label}` : command.label}
            {...(command.keys !== undefined && { keys: command.keys })}
            onSelect={choose(() => command.run())}
          />
        ))}
        {definitions.data?.definitions.map(({ name }) => (
          <Item
            key={`definition ${name}`}
            value={`definition ${name}`}
            icon="definitions"
            label={name}
            kind="definition"
            onSelect={choose(() => void navigate({ to: '/definitions/$name', params: { name }, search: {} }))}
          />
        ))}
        {schedules.data?.schedules.map(({ name }) => (
          <Item
            key={`schedule ${name}`}
            value={`schedule ${name}`}
            icon="schedules"
            label={name}
            kind="schedule"
            onSelect={go('/schedules', { schedule: name })}
          />
        ))}
      </Command.List>
    </Command.Dialog>
  )
}

interface ItemProps {
  value: string
  icon: IconName
  label: string
  kind?: string
  keys?: string
  forceMount?: boolean
  onSelect(): void
}

function Item({ value, icon, label, kind, keys, forceMount, onSelect }: ItemProps) {
  return (
    <Command.Item
      value={value}
      onSelect={onSelect}
      {...(forceMount && { forceMount })}
      className="flex h-9 cursor-pointer items-center gap-2.5 rounded-small px-2.5 data-[selected=true]:bg-hover"
    >
      <Icon name={icon} size={14} className="text-soft" />
      <span className="min-w-0 truncate">{label}</span>
      {kind && <span className="text-small text-soft">{kind}</span>}
      {keys && <kbd className="ml-auto text-soft">{keysText(keys)}</kbd>}
    </Command.Item>
  )
}
