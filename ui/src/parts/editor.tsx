import { lazy, Suspense, useId } from 'react'

export interface EditorProps {
  label: string
  value: string
  onChange(value: string): void
  /** What is wrong with it, below. */
  problem?: string | null
  /** Nothing at all is right, too. */
  optional?: boolean
  /** What stands above it says its name already. */
  hidesLabel?: boolean
  /** A few lines high: one field among others. */
  small?: boolean
  /** The focus goes here as soon as it is there: it is what a dialog is about. */
  begins?: boolean
}

const Code = lazy(() => import('./editor-code.tsx'))

/** JSON to edit; the editor's code comes when it is needed, and what is typed is checked as one types. */
export function Editor({ label, value, onChange, problem, optional = false, hidesLabel = false, small = false, begins = false }: EditorProps) {
  const id = useId()
  const wrong = problem ?? (optional && value.trim() === '' ? null : faultOf(value))
  return (
    <div className="flex flex-col gap-1">
      <span id={id} className={hidesLabel ? 'hidden-text' : 'font-medium'}>
        {label}
      </span>
      <Suspense fallback={<div className={`rounded border border-edge bg-surface ${small ? 'h-24' : 'h-60'}`} />}>
        <Code label={label} value={value} onChange={onChange} small={small} begins={begins} />
      </Suspense>
      <p role="status" className={wrong ? 'text-failed' : 'hidden-text'}>
        {wrong ?? 'It is JSON.'}
      </p>
    </div>
  )
}

/** Null: it is JSON. */
export function faultOf(text: string): string | null {
  try {
    JSON.parse(text)
    return null
  } catch (error) {
    return error instanceof Error ? error.message : 'not JSON'
  }
}
