import { useEffect, useState } from 'react'
import { shortId } from '../format/id.ts'
import { Icon } from './icons.tsx'

/** Puts `text` on the clipboard and says so. */
export function Copy({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState<boolean | null>(null)
  useEffect(() => {
    if (copied === null) return
    const timer = window.setTimeout(() => setCopied(null), 1_500)
    return () => window.clearTimeout(timer)
  }, [copied])
  return (
    <button
      type="button"
      aria-label={copied ? 'Copied' : copied === false ? 'Could not copy' : label}
      className="inline-flex size-6 shrink-0 items-center justify-center rounded-small text-soft hover:bg-hover hover:text-ink"
      onClick={async event => {
        event.stopPropagation()
        setCopied(await copyText(text))
      }}
    >
      <Icon name={copied ? 'check' : copied === false ? 'warning' : 'copy'} size={14} className={copied ? 'text-completed' : ''} />
    </button>
  )
}

/** Also over plain HTTP beyond loopback, where there is no clipboard API. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const area = document.createElement('textarea')
    area.value = text
    document.body.append(area)
    area.select()
    const done = document.execCommand('copy')
    area.remove()
    return done
  }
}

/** A run's id as people say it, its last five characters; the whole id is copied. */
export function RunId({ id, copy = false, whole = false }: { id: string; copy?: boolean; whole?: boolean }) {
  return (
    <span className="inline-flex items-center gap-1">
      <span className="font-mono text-small" title={whole ? undefined : id}>
        {whole ? (
          <>
            <span className="text-soft">{id.slice(0, -5)}</span>
            {shortId(id)}
          </>
        ) : (
          shortId(id)
        )}
      </span>
      {copy && <Copy text={id} label="Copy the run's id" />}
    </span>
  )
}
