import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, useId, useMemo, useRef, useState } from 'react'
import { countText } from '../format/number.ts'
import { IconButton } from './button.tsx'
import { classes } from './classes.ts'
import { Copy, copyText } from './copy.tsx'
import { download } from './download.ts'
import { Icon } from './icons.tsx'
import { findJson, type JsonLine, jsonLines } from './json-lines.ts'

export interface JsonViewProps {
  value: unknown
  /** Of the file that is downloaded. */
  name: string
  /** What it is called: `Input`. Default: the name. */
  label?: string
}

const LINE = 20
const UNFOLDED_DEPTH = 3
const HEIGHT_MAX = 420
const SEARCH_FROM = 10

/**
 * A JSON document as a tree: fold, search, copy a path or the whole, download. Only what one sees is drawn. By keys as trees are: up and down move, right
 * and left unfold and fold, `c` copies the path, Enter in the search goes to the next hit.
 */
export function JsonView({ value, name, label = name }: JsonViewProps) {
  const id = useId()
  const scroller = useRef<HTMLDivElement>(null)
  const [turned, setTurned] = useState<ReadonlySet<string>>(new Set())
  const [sought, setSought] = useState('')
  const [current, setCurrent] = useState(0)
  const [copied, setCopied] = useState<string | null>(null)
  const found = useMemo(() => (sought.length < 2 ? null : findJson(value, sought)), [value, sought])
  const lines = useMemo(
    () => jsonLines(value, (path, depth) => (found?.above.has(path) ? false : depth >= UNFOLDED_DEPTH !== turned.has(path))),
    [value, turned, found],
  )
  const virtual = useVirtualizer({ count: lines.length, getScrollElement: () => scroller.current, estimateSize: () => LINE, overscan: 20 })
  const hits = useMemo(() => new Set(found?.hits), [found])
  const at = Math.min(current, lines.length - 1)
  const turn = (path: string): void => {
    const next = new Set(turned)
    if (!next.delete(path)) next.add(path)
    setTurned(next)
  }
  const go = (index: number): void => {
    setCurrent(index)
    virtual.scrollToIndex(index, { align: 'auto' })
  }
  const search = (text: string): void => {
    setSought(text)
    setCurrent(0)
    scroller.current?.scrollTo({ top: 0 })
  }
  const nextHit = (): void => {
    const after = lines.findIndex((line, index) => index > at && hits.has(line.path))
    const next = after >= 0 ? after : lines.findIndex(line => hits.has(line.path))
    if (next >= 0) go(next)
  }
  const copyPath = async (path: string): Promise<void> => setCopied((await copyText(path)) ? path : null)
  const onKey = (event: KeyboardEvent): void => {
    const line = lines[at]
    if (line === undefined || event.ctrlKey || event.metaKey) return
    const folds = (line.members ?? 0) > 0
    const act = ((): (() => void) | false | undefined => {
      switch (event.key) {
        case 'ArrowDown':
          return () => go(Math.min(lines.length - 1, at + 1))
        case 'ArrowUp':
          return () => go(Math.max(0, at - 1))
        case 'Home':
          return () => go(0)
        case 'End':
          return () => go(lines.length - 1)
        case 'ArrowRight':
          return () => (folds && !line.unfolded ? turn(line.path) : go(Math.min(lines.length - 1, at + 1)))
        case 'ArrowLeft':
          return () => (folds && line.unfolded ? turn(line.path) : go(aboveOf(lines, at)))
        case 'Enter':
          return folds && (() => turn(line.path))
        case 'c':
          return () => void copyPath(line.path)
      }
    })()
    if (!act) return
    event.preventDefault()
    event.stopPropagation()
    act()
  }
  // A few lines are seen at once: what one would search them with costs more room than they do.
  const long = lines.length >= SEARCH_FROM || sought !== ''
  return (
    <div className="relative min-w-0">
      <div className={classes('flex items-center gap-1', long ? 'mb-1' : 'absolute top-0 right-0 z-10')}>
        {long && (
          <input
            type="search"
            aria-label={`Search in ${label}`}
            placeholder="Search"
            value={sought}
            onChange={event => search(event.target.value)}
            onKeyDown={event => event.key === 'Enter' && nextHit()}
            className="h-7 w-48 min-w-0 rounded border border-edge bg-surface px-2 text-small"
          />
        )}
        <span role="status" className="text-small text-soft">
          {found ? `${countText(found.hits.length)} found` : copied !== null ? `copied ${copied === '' ? 'the path' : copied}` : ''}
        </span>
        <span className="grow" />
        <Copy text={JSON.stringify(value, null, 2)} label={`Copy ${label}`} />
        <IconButton
          icon="download"
          label={`Download ${label}`}
          className="size-6!"
          onClick={() => download(`${name}.json`, JSON.stringify(value, null, 2))}
        />
      </div>
      {/* A long line may need it in both directions; the focus stands on the tree itself, which points at its lines. */}
      <div
        ref={scroller}
        role="tree"
        aria-label={label}
        tabIndex={0}
        aria-activedescendant={`${id}-${at}`}
        onKeyDown={onKey}
        className="group overflow-auto rounded-small font-mono text-small"
        style={{ maxHeight: HEIGHT_MAX }}
      >
        <div className="relative min-w-max" role="presentation" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(item => {
            const line = lines[item.index] as JsonLine
            return (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the tree answers to the keys
              // biome-ignore lint/a11y/useFocusableInteractive: the tree holds the focus
              <div
                key={line.path}
                id={`${id}-${item.index}`}
                role="treeitem"
                aria-level={line.depth + 1}
                aria-selected={item.index === at}
                {...(line.members !== null && line.members > 0 && { 'aria-expanded': line.unfolded })}
                className={classes(
                  'absolute top-0 left-0 flex w-full items-center whitespace-pre pr-4 hover:bg-hover',
                  hits.has(line.path) && 'bg-picked',
                  item.index === at &&
                    'group-focus-visible:bg-hover group-focus-visible:outline-1 group-focus-visible:-outline-offset-1 group-focus-visible:outline-focus',
                )}
                style={{ height: LINE, paddingLeft: line.depth * 16, transform: `translateY(${item.start}px)` }}
                onClick={event => {
                  setCurrent(item.index)
                  if ((event.target as HTMLElement).closest('[data-path]')) void copyPath(line.path)
                  else if ((line.members ?? 0) > 0) turn(line.path)
                }}
              >
                <Line line={line} />
              </div>
            )
          })}
        </div>
      </div>
    </div>
  )
}

/** The line of the object or list that this one is in. */
function aboveOf(lines: readonly JsonLine[], at: number): number {
  const depth = lines[at]?.depth ?? 0
  return Math.max(
    0,
    lines.findLastIndex((line, index) => index < at && line.depth < depth),
  )
}

function Line({ line: { name, path, members, unfolded, value } }: { line: JsonLine }) {
  const folds = members !== null && members > 0
  return (
    <>
      <span aria-hidden="true" className={classes('inline-flex w-4 shrink-0 justify-center text-soft', folds && 'cursor-pointer')}>
        {folds && <Icon name={unfolded ? 'chevron' : 'right'} size={12} />}
      </span>
      {name !== null && (
        <span data-path={path} title={`Copy the path ${path}`} className="cursor-copy text-soft hover:text-ink">
          {name}:{' '}
        </span>
      )}
      <Value value={value} members={members} />
      {folds && !unfolded && <span className="truncate text-soft"> {previewOf(value)}</span>}
    </>
  )
}

/** What is folded, in a few words. */
function previewOf(value: unknown): string {
  const words = Object.entries(value as object)
    .filter(([, member]) => typeof member !== 'object' || member === null)
    .slice(0, PREVIEW_MEMBERS)
    .map(([name, member]) => (Array.isArray(value) ? '' : `${name}: `) + cutText(JSON.stringify(member)))
  return words.length === 0 ? '' : ` ${words.join(', ')}${words.length < Object.keys(value as object).length ? ', …' : ''}`
}
const PREVIEW_MEMBERS = 3
const PREVIEW_LENGTH = 24
const cutText = (text = ''): string => (text.length > PREVIEW_LENGTH ? `${text.slice(0, PREVIEW_LENGTH)}…` : text)

const SHOWN_LENGTH = 2_000
function Value({ value, members }: { value: unknown; members: number | null }) {
  if (members !== null) return <span className="text-soft">{Array.isArray(value) ? `[ ${countText(members)} ]` : `{ ${countText(members)} }`}</span>
  if (typeof value === 'string')
    return <span className="text-completed">{JSON.stringify(value.length > SHOWN_LENGTH ? `${value.slice(0, SHOWN_LENGTH)}…` : value)}</span>
  return <span className={value === null ? 'text-soft' : 'text-running'}>{String(value)}</span>
}
