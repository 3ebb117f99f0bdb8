import { lazy, Suspense, useState } from 'react'
import { Button } from './button.tsx'
import { useCommand } from './commands.ts'

export interface StartRunDialogProps {
  namespace: string
  open: boolean
  onClose(): void
  /** Which definition it begins with. Absent: it is asked for. */
  definition?: string
  /** What the input begins as, such as that of a run that is done once more. Absent: what the schema says. */
  input?: unknown
  /** Where to go then. Default: the run's page. */
  onStarted?(run: string): void
}

const Dialog = lazy(() => import('./start-run-dialog.tsx'))

/** Starts a run by hand: definition, input by its schema, and how. Its code comes when it is opened. */
export function StartRunDialog(props: StartRunDialogProps) {
  return <Suspense>{props.open && <Dialog {...props} />}</Suspense>
}

/** The button that opens it; `n` does, too. */
export function StartRunButton({ namespace, definition, main = false }: { namespace: string; definition?: string; main?: boolean }) {
  const [open, setOpen] = useState(false)
  const what = definition === undefined ? 'Start a run' : `Start ${definition}`
  useCommand({ label: what, group: 'This page', keys: 'n', run: () => setOpen(true) })
  return (
    <>
      <Button icon="play" kind={main ? 'main' : 'plain'} keys="n" onClick={() => setOpen(true)}>
        Start a run
      </Button>
      <StartRunDialog namespace={namespace} open={open} onClose={() => setOpen(false)} {...(definition !== undefined && { definition })} />
    </>
  )
}
