import * as Popover from '@radix-ui/react-popover'
import { Copy } from './copy.tsx'
import { Icon } from './icons.tsx'

/** The command that does the same, to copy. */
export function Command({ text }: { text: string }) {
  return (
    <span className="inline-flex max-w-full items-start gap-1 rounded border border-line bg-ground py-0.5 pl-2.5 pr-1">
      <code className="min-w-0 whitespace-pre-wrap py-0.5 text-left wrap-anywhere">{text}</code>
      <Copy text={text} label="Copy the command" />
    </span>
  )
}

/** Beside an action: the command that does it. */
export function AsCommand({ text }: { text: string }) {
  return (
    <Popover.Root>
      <Popover.Trigger
        aria-label="Show as a command"
        title="As a command"
        className="inline-flex size-8 items-center justify-center rounded text-soft hover:bg-hover hover:text-ink"
      >
        <Icon name="command" size={14} />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          sideOffset={6}
          collisionPadding={8}
          aria-label="As a command"
          className="appear z-40 max-w-[calc(100vw-16px)] rounded border border-line bg-raised p-2 shadow-overlay"
        >
          <Command text={text} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}

/** An argument as a shell takes it. */
export function shellText(text: string): string {
  return /^[\w./:@=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/** `mainspring cancel k8t1b`, with the namespace where it is not the usual one. */
export function commandText(namespace: string, ...parts: string[]): string {
  return ['mainspring', ...parts.map(shellText), ...(namespace === 'default' ? [] : ['--namespace', shellText(namespace)])].join(' ')
}
