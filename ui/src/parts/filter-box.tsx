import { useEffect, useRef, useState } from 'react'
import { useCommand } from './commands.ts'
import { Icon } from './icons.tsx'

export interface FilterBoxProps {
  /** What is filtered: its name for those who cannot see it. */
  label: string
  placeholder: string
  /** From the address, so that a link shows the same. */
  value: string
  onChange(value: string): void
}

/** Narrows a list that is here already by words. `/` comes here; Esc clears it, then leaves. */
export function FilterBox({ label, placeholder, value, onChange }: FilterBoxProps) {
  const input = useRef<HTMLInputElement>(null)
  const [typed, setTyped] = useState(value)
  // An address follows what is typed a moment later: those on their way must not take back what has been typed since. Others come from the back button.
  const sent = useRef<string[]>([])
  useEffect(() => {
    const at = sent.current.indexOf(value)
    if (at < 0) setTyped(value)
    else sent.current = sent.current.slice(at + 1)
  }, [value])
  const type = (text: string): void => {
    setTyped(text)
    sent.current.push(text)
    onChange(text)
  }
  useCommand({ label: 'Filter', group: 'List', keys: '/', run: () => input.current?.select() })
  return (
    <div className="relative min-w-40 max-w-80 grow max-sm:max-w-none max-sm:basis-full">
      <Icon name="search" size={14} className="pointer-events-none absolute left-2.5 top-2.5 text-soft" />
      <input
        ref={input}
        type="search"
        aria-label={label}
        placeholder={placeholder}
        autoComplete="off"
        spellCheck={false}
        value={typed}
        onChange={event => type(event.target.value)}
        onKeyDown={event => {
          if (event.key !== 'Escape') return
          event.preventDefault()
          if (typed === '') input.current?.blur()
          else type('')
        }}
        className="h-8.5 w-full rounded border border-edge bg-surface pl-8 pr-8"
      />
      <kbd className="pointer-events-none absolute right-2.5 top-2 text-soft max-sm:hidden">{typed === '' ? '/' : 'esc'}</kbd>
    </div>
  )
}

/** Whether all words are somewhere in the texts, in any case. */
export function fits(find: string | undefined, ...texts: (string | null | undefined)[]): boolean {
  if (find === undefined) return true
  const all = texts.join(' ').toLowerCase()
  return find
    .toLowerCase()
    .split(/\s+/)
    .every(word => all.includes(word))
}
