import { useVirtualizer } from '@tanstack/react-virtual'
import { useMemo, useRef, useState } from 'react'
import { countText } from '../format/number.ts'
import { IconButton } from './button.tsx'
import { classes } from './classes.ts'
import { copyText } from './copy.tsx'
import { Icon } from './icons.tsx'
import { findJson, type JsonLine, jsonLines } from './json-lines.ts'

export interface JsonViewProps {
  value: unknown
  /** Of the file that is downloaded, and the tree's name. */
  name: string
}

const LINE = 20
const UNFOLDED_DEPTH = 3
const HEIGHT_MAX = 420

/** A JSON document as a tree: fold, search, copy a path or the whole, download. Only what one sees is drawn. */
export function JsonView({ value, name }: JsonViewProps) {
  const scroller = useRef<HTMLDivElement>(null)
  const [turned, setTurned] = useState<ReadonlySet<string>>(new Set())
  const [sought, setSought] = useState('')
  const found = useMemo(() => (sought.length < 2 ? null : findJson(value, sought)), [value, sought])
  const lines = useMemo(
    () => jsonLines(value, (path, depth) => (found?.above.has(path) ? false : depth >= UNFOLDED_DEPTH !== turned.has(path))),
    [value, turned, found],
  )
  const virtual = useVirtualizer({ count: lines.length, getScrollElement: () => scroller.current, estimateSize: () => LINE, overscan: 20 })
  const hits = useMemo(() => new Set(found?.hits), [found])
  const turn = (path: string): void => {
    const next = new Set(turned)
    if (!next.delete(path)) next.add(path)
    setTurned(next)
  }
  const search = (text: string): void => {
    setSought(text)
    scroller.current?.scrollTo({ top: 0 })
  }
  return (
    <div className="min-w-0">
      <div className="mb-1 flex items-center gap-1">
        <input
          type="search"
          aria-label={`Search in ${name}`}
          placeholder="Search"
          value={sought}
          onChange={event => search(event.target.value)}
          className="h-7 w-48 min-w-0 rounded border border-edge bg-surface px-2 text-small"
        />
        {found && (
          <span role="status" className="text-small text-soft">
            {countText(found.hits.length)} found
          </span>
        )}
        <span className="grow" />
        <IconButton icon="copy" label={`Copy ${name}`} onClick={() => void copyText(JSON.stringify(value, null, 2))} />
        <IconButton icon="download" label={`Download ${name}`} onClick={() => download(`${name}.json`, JSON.stringify(value, null, 2))} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls is reached by the keyboard */}
      <section ref={scroller} tabIndex={0} aria-label={name} className="overflow-auto font-mono text-small" style={{ maxHeight: HEIGHT_MAX }}>
        <div className="relative min-w-max" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(item => {
            const line = lines[item.index] as JsonLine
            return (
              <div
                key={line.path}
                className={classes('absolute left-0 top-0 flex w-full items-center whitespace-pre pr-4', hits.has(line.path) && 'bg-picked')}
                style={{ height: LINE, paddingLeft: line.depth * 16, transform: `translateY(${item.start}px)` }}
              >
                <Line line={line} onTurn={turn} />
              </div>
            )
          })}
        </div>
      </section>
    </div>
  )
}

function Line({ line, onTurn }: { line: JsonLine; onTurn(path: string): void }) {
  const { path, name, members, unfolded, value } = line
  return (
    <>
      {members !== null && members > 0 ? (
        <button
          type="button"
          aria-expanded={unfolded}
          aria-label={`${unfolded ? 'Fold' : 'Unfold'} ${name ?? 'all'}`}
          className="w-4 text-soft"
          onClick={() => onTurn(path)}
        >
          <Icon name={unfolded ? 'chevron' : 'right'} size={12} />
        </button>
      ) : (
        <span className="w-4" />
      )}
      {name !== null && (
        <button type="button" title={`Copy the path ${path}`} className="text-soft hover:text-ink" onClick={() => void copyText(path)}>
          {name}:{' '}
        </button>
      )}
      <Value value={value} members={members} />
    </>
  )
}

const SHOWN_LENGTH = 2_000
function Value({ value, members }: { value: unknown; members: number | null }) {
  if (members !== null) return <span className="text-soft">{Array.isArray(value) ? `[ ${countText(members)} ]` : `{ ${countText(members)} }`}</span>
  if (typeof value === 'string')
    return <span className="text-completed">{JSON.stringify(value.length > SHOWN_LENGTH ? `${value.slice(0, SHOWN_LENGTH)}…` : value)}</span>
  return <span className={value === null ? 'text-soft' : 'text-running'}>{String(value)}</span>
}

export function download(name: string, text: string, type = 'application/json'): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type }))
  link.download = name
  link.click()
  window.setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
