import { useState } from 'react'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { TextField } from '../parts/field.tsx'

interface NamespaceDialogProps {
  open: boolean
  namespace: string
  onClose(): void
  onChoose(namespace: string): void
}

/** Another namespace: those of the last visits, or any by its name. */
export function NamespaceDialog({ open, namespace, onClose, onChoose }: NamespaceDialogProps) {
  const [typed, setTyped] = useState('')
  const known = [...new Set(['default', namespace, ...visited()])]
  const choose = (next: string): void => {
    remember(next)
    setTyped('')
    onChoose(next)
  }
  return (
    <Dialog open={open} onClose={onClose} title="Namespace" description="Runs, schedules, queues and limits belong to one.">
      <ul className="mb-3 flex flex-col">
        {known.map(name => (
          <li key={name}>
            <Button kind="quiet" className="w-full" aria-current={name === namespace || undefined} onClick={() => choose(name)}>
              {name}
            </Button>
          </li>
        ))}
      </ul>
      <form
        className="flex items-end gap-2"
        onSubmit={event => {
          event.preventDefault()
          if (typed.trim() !== '') choose(typed.trim())
        }}
      >
        <div className="grow">
          <TextField label="Another" value={typed} onChange={event => setTyped(event.target.value)} autoComplete="off" spellCheck={false} />
        </div>
        <Button type="submit">Go there</Button>
      </form>
    </Dialog>
  )
}

const KEY = 'mainspring-namespaces'
function visited(): string[] {
  try {
    return (JSON.parse(localStorage.getItem(KEY) ?? '[]') as string[]).filter(name => typeof name === 'string').slice(0, 8)
  } catch {
    return []
  }
}
function remember(name: string): void {
  try {
    localStorage.setItem(KEY, JSON.stringify([name, ...visited().filter(known => known !== name)].slice(0, 8)))
  } catch {
    // Storage is off: it is typed again next time.
  }
}
