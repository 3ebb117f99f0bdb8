import type { ReactNode } from 'react'
import type { Action } from '../api/use-action.ts'
import { Button } from '../parts/button.tsx'
import { Command } from '../parts/command.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { ProblemText } from '../parts/states.tsx'

interface SaveDialogProps {
  open: boolean
  onClose(): void
  title: string
  description: string
  verb: string
  action: Action<null>
  command: string
  /** What will be different. */
  children: ReactNode
}

/** The difference, before it is made. */
export function SaveDialog({ open, onClose, title, description, verb, action, command, children }: SaveDialogProps) {
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={title}
      description={description}
      wide
      actions={
        <>
          <Button onClick={onClose}>Leave it</Button>
          <Button kind="main" pending={action.pending} onClick={() => action.run(null)}>
            {verb}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3">
        {children}
        <Command text={command} />
        {action.problem && <ProblemText problem={action.problem} />}
      </div>
    </Dialog>
  )
}
