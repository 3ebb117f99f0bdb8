import { useRef } from 'react'
import { countText } from '../../format/number.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { classes } from '../../parts/classes.ts'
import { AsCommand } from '../../parts/command.tsx'
import { useCommand } from '../../parts/commands.ts'
import { download } from '../../parts/download.ts'
import { Menu } from '../../parts/menu.tsx'
import type { RunSearch } from '../search.ts'
import { LEVELS, type Level, ndjsonOfLines, textOfLines } from './rows.ts'
import type { LogStore } from './store.ts'

interface LogToolbarProps {
  search: RunSearch
  onSearch(change: Partial<RunSearch>): void
  /** How many have begun. */
  attempts: number
  /** The one that is shown, from 1; 0: none. */
  hit: number
  hits: number
  onHit(step: 1 | -1): void
  hasErrors: boolean
  onFirstError(): void
  store: LogStore
  /** Lines that fit the filter. */
  shown: number
  /** Of the file. */
  name: string
  command: string
}

export function LogToolbar(props: LogToolbarProps) {
  const { search, onSearch, attempts, hit, hits, onHit, hasErrors, onFirstError, store, shown, name, command } = props
  const input = useRef<HTMLInputElement>(null)
  const wraps = search.wrap !== 'off'
  const relative = search.times === 'relative'
  const focusSearch = (): void => {
    input.current?.focus()
    input.current?.select()
  }
  useCommand({ label: 'Search the logs', group: 'This page', keys: '/', run: focusSearch })
  useCommand({ label: 'Wrap log lines', group: 'This page', keys: 'w', run: () => onSearch({ wrap: wraps ? 'off' : undefined }) })
  const turnLevel = (level: Level): void => {
    const next = search.level?.includes(level) ? search.level.filter(other => other !== level) : [...(search.level ?? []), level]
    onSearch({ level: next.length === 0 || next.length === LEVELS.length ? undefined : next })
  }
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5 border-b max-sm:gap-x-1.5 border-line px-2 py-1.5">
      <span className="flex min-w-0 items-center gap-1 max-sm:w-full">
        <input
          ref={input}
          type="search"
          aria-label="Search the logs"
          placeholder="Search the logs  /"
          value={search.find ?? ''}
          onChange={event => onSearch({ find: event.target.value || undefined })}
          onKeyDown={event => {
            if (event.key === 'Enter') onHit(event.shiftKey ? -1 : 1)
            // Not emptied: what was found is what one goes on in with n and N.
            if (event.key !== 'Escape') return
            event.preventDefault()
            event.currentTarget.blur()
          }}
          className="h-7 w-56 min-w-0 rounded border border-edge bg-surface px-2 text-small max-sm:grow"
        />
        {search.find !== undefined && (
          <>
            <span role="status" className="numeric whitespace-nowrap text-small text-soft">
              {countText(hit)} of {countText(hits)}
            </span>
            <IconButton icon="up" label="Previous match" keys="N" disabled={hits === 0} onClick={() => onHit(-1)} className="size-7!" />
            <IconButton icon="chevron" label="Next match" keys="n" disabled={hits === 0} onClick={() => onHit(1)} className="size-7!" />
          </>
        )}
      </span>
      <fieldset aria-label="Levels" className="flex overflow-hidden rounded border border-line">
        {LEVELS.map(level => {
          const on = search.level?.includes(level) ?? false
          return (
            <button
              key={level}
              type="button"
              aria-pressed={on}
              onClick={() => turnLevel(level)}
              className={classes(
                'h-7 border-l border-line px-2 text-small -outline-offset-2 first:border-l-0',
                on ? 'bg-ink font-medium text-inverse' : 'text-soft hover:bg-hover hover:text-ink',
              )}
            >
              {level}
            </button>
          )
        })}
      </fieldset>
      {attempts > 1 && (
        <select
          aria-label="Attempt"
          value={search.attempt ?? ''}
          onChange={event => onSearch({ attempt: event.target.value === '' ? undefined : Number(event.target.value) })}
          className="h-7 rounded border border-edge bg-surface px-1.5 text-small"
        >
          <option value="">All attempts</option>
          {Array.from({ length: Math.max(attempts, search.attempt ?? 0) }, (_, index) => index + 1).map(attempt => (
            <option key={attempt} value={attempt}>
              Attempt {attempt}
            </option>
          ))}
        </select>
      )}
      {hasErrors && (
        <Button kind="quiet" icon="warning" keys="E" onClick={onFirstError} className="h-7! text-small text-failed">
          First error
        </Button>
      )}
      <span className="grow" />
      <span className="numeric whitespace-nowrap text-small text-soft" role="status">
        {shown < store.lines.length && `${countText(shown)} of `}
        {countText(store.lines.length)} {store.lines.length === 1 ? 'line' : 'lines'}
        {!store.complete && <span className="max-sm:hidden"> so far</span>}
      </span>
      <span className="flex items-center">
        <Menu
          label="Log lines"
          items={[
            { label: 'Wrap long lines', checked: wraps, onSelect: () => onSearch({ wrap: wraps ? 'off' : undefined }) },
            { label: 'Times since the attempt began', checked: relative, onSelect: () => onSearch({ times: relative ? undefined : 'relative' }) },
            {
              label: store.complete ? 'Download as text' : 'Download what is read so far',
              icon: 'download',
              onSelect: () => download(`${name}.log`, textOfLines(store.lines), 'text/plain'),
            },
            {
              label: 'Download as NDJSON',
              icon: 'download',
              onSelect: () => download(`${name}.ndjson`, ndjsonOfLines(store.lines), 'application/x-ndjson'),
            },
          ]}
        >
          <IconButton icon="more" label="Wrap, times, download" className="size-7!" />
        </Menu>
        <AsCommand text={command} />
      </span>
    </div>
  )
}
