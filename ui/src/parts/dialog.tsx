import * as RadixDialog from '@radix-ui/react-dialog'
import { type ReactNode, useState } from 'react'
import type { Action } from '../api/use-action.ts'
import { Button, IconButton } from './button.tsx'
import { Command } from './command.tsx'
import { ProblemText } from './states.tsx'

export interface DialogProps {
  open: boolean
  onClose(): void
  title: string
  /** One sentence under the title. */
  description?: string
  children: ReactNode
  /** Buttons at the bottom. */
  actions?: ReactNode
  wide?: boolean
}

/** Holds the focus while it is open; Esc and a click beside it close it. */
export function Dialog({ open, onClose, title, description, children, actions, wide = false }: DialogProps) {
  return (
    <RadixDialog.Root open={open} onOpenChange={next => !next && onClose()}>
      <RadixDialog.Portal>
        <RadixDialog.Overlay className="appear fixed inset-0 z-40 bg-[oklch(0.2_0.02_260/0.45)]" />
        <RadixDialog.Content
          {...(description === undefined && { 'aria-describedby': undefined })}
          // At what is asked; where nothing is, the dialog itself: the hint of a focused button would take the first Escape.
          onOpenAutoFocus={event => {
            const dialog = event.target as HTMLElement
            if (!dialog.querySelector('input, select, textarea, a, button, [tabindex="0"]')?.matches('[data-close]')) return
            event.preventDefault()
            dialog.focus()
          }}
          // What is open within it closes first.
          onEscapeKeyDown={event => (event.target as HTMLElement).matches?.('[aria-expanded="true"]') && event.preventDefault()}
          className={`appear fixed left-1/2 top-[12vh] z-40 flex max-h-[80vh] w-[calc(100vw-24px)] -translate-x-1/2 flex-col rounded border border-line bg-raised shadow-overlay ${wide ? 'max-w-[840px]' : 'max-w-[520px]'}`}
        >
          <header className="px-4 pt-3 pr-12">
            <div>
              <RadixDialog.Title className="text-title font-semibold">{title}</RadixDialog.Title>
              {description !== undefined && <RadixDialog.Description className="text-soft">{description}</RadixDialog.Description>}
            </div>
          </header>
          <div className="min-h-0 overflow-y-auto px-4 py-3">{children}</div>
          {actions && <footer className="flex flex-wrap justify-end gap-2 border-t border-line px-4 py-3">{actions}</footer>}
          {/* Last, so that the focus begins at what is asked. */}
          <IconButton icon="close" label="Close" data-close="" onClick={onClose} className="absolute right-2 top-2" />
        </RadixDialog.Content>
      </RadixDialog.Portal>
    </RadixDialog.Root>
  )
}

export interface ConfirmDialogProps<Input> {
  open: boolean
  onClose(): void
  title: string
  description?: string
  /** The button's word: the verb, never "OK". */
  verb: string
  danger?: boolean
  action: Action<Input>
  input(why: string): Input
  /** The command that does the same, shown above the buttons. */
  command?: string
  /** Asks why; recorded with the action. */
  asksWhy?: boolean
  /** Default: that it is kept in the history. */
  whyLabel?: string
  children?: ReactNode
}

/** Asks before something that cannot be undone. What the server refuses is shown here, and the dialog stays. */
export function ConfirmDialog<Input>(props: ConfirmDialogProps<Input>) {
  const { open, onClose, title, description, verb, danger = false, action, input, command, asksWhy = false, whyLabel, children } = props
  const [why, setWhy] = useState('')
  return (
    <Dialog
      open={open}
      onClose={() => {
        action.clear()
        onClose()
      }}
      title={title}
      {...(description !== undefined && { description })}
      actions={
        <>
          <Button onClick={onClose}>Leave it</Button>
          <Button kind={danger ? 'danger' : 'main'} pending={action.pending} onClick={() => action.run(input(why))}>
            {verb}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3">
        {children}
        {asksWhy && (
          <label className="flex flex-col gap-1">
            <span className="font-medium">{whyLabel ?? 'Why (kept in the history)'}</span>
            <input value={why} onChange={event => setWhy(event.target.value)} className="h-8 rounded border border-edge bg-surface px-2" />
          </label>
        )}
        {command !== undefined && <Command text={command} />}
        {action.problem && <ProblemText problem={action.problem} />}
      </div>
    </Dialog>
  )
}
