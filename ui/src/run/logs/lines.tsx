import { useVirtualizer } from '@tanstack/react-virtual'
import { type Ref, useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from 'react'
import { countText } from '../../format/number.ts'
import { Button } from '../../parts/button.tsx'
import { useCommand } from '../../parts/commands.ts'
import { copyText } from '../../parts/copy.tsx'
import { HeadRow, LineRow } from './line.tsx'
import type { Delivered } from './logs.tsx'
import type { Row } from './rows.ts'
import { useRoomBelow } from './use-room.ts'

export interface LinesHandle {
  /** Brings a row into sight, and follows no more. */
  show(index: number): void
}

interface LinesProps {
  ref: Ref<LinesHandle>
  rows: readonly Row[]
  /** More may come. */
  open: boolean
  wrap: boolean
  relative: boolean
  /** In lower case. */
  sought: string
  hit: number | null
  picked: string
  onPick(name: string): void
  delivered: ReadonlyMap<number, Delivered>
}

const LINE = 20
/** Nearer to the end than this is at the end. */
const END = 32

/**
 * Only what one sees is drawn. following: the newest line stays in sight; it is left by scrolling up or by looking for something, and comes back at the end
 * or with "Jump to live".
 */
export function Lines({ ref, rows, open, wrap, relative, sought, hit, picked, onPick, delivered }: LinesProps) {
  const scroller = useRef<HTMLDivElement>(null)
  const [following, setFollowing] = useState(open && picked === '')
  const [seen, setSeen] = useState(rows.length)
  const [unfolded, setUnfolded] = useState<ReadonlySet<string>>(new Set())
  const topBefore = useRef(0)
  const room = useRoomBelow(scroller)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE,
    getItemKey: index => nameOf(rows[index] as Row),
    overscan: 20,
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: other heights
  useLayoutEffect(() => virtual.measure(), [wrap])
  useLayoutEffect(() => {
    if (following && rows.length > 0) virtual.scrollToIndex(rows.length - 1, { align: 'end' })
  }, [following, rows.length, virtual])
  useEffect(() => {
    if (following) setSeen(rows.length)
  }, [following, rows.length])
  const show = (index: number): void => {
    setFollowing(false)
    virtual.scrollToIndex(index, { align: 'center' })
  }
  useImperativeHandle(ref, () => ({ show }))
  // A link to a line: as soon as it is there.
  const target = picked === '' ? -1 : rows.findIndex(row => nameOf(row) === picked)
  const shownLink = useRef(false)
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when it is there
  useEffect(() => {
    if (target < 0 || shownLink.current) return
    shownLink.current = true
    show(target)
  }, [target])
  const step = (by: number): void => {
    let index = target < 0 ? (virtual.getVirtualItems()[0]?.index ?? 0) - by : target
    do index += by
    while (index > 0 && index < rows.length && 'head' in (rows[index] as Row))
    const row = rows[index]
    if (row === undefined || 'head' in row) return
    shownLink.current = true
    setFollowing(false)
    onPick(row.name)
    virtual.scrollToIndex(index, { align: 'auto' })
  }
  const turn = (name: string): void => {
    const next = new Set(unfolded)
    if (!next.delete(name)) next.add(name)
    setUnfolded(next)
  }
  const copyLink = (name: string): void => {
    shownLink.current = true
    onPick(name)
    void copyText(window.location.href)
  }
  useCommand({ label: 'Next line', group: 'List', keys: 'j', keysOnly: true, run: () => step(1) })
  useCommand({ label: 'Previous line', group: 'List', keys: 'k', keysOnly: true, run: () => step(-1) })
  useCommand({ label: 'Unfold the fields of the line', group: 'List', keys: 'o', keysOnly: true, run: () => turn(picked) }, target >= 0)
  useCommand({ label: 'Copy a link to the line', group: 'This page', keys: 'y', run: () => copyLink(picked) }, target >= 0)
  useCommand({ label: 'Jump to the newest line', group: 'This page', keys: 'G', run: () => (open ? setFollowing(true) : show(rows.length - 1)) })
  const fresh = rows.length - seen
  return (
    <div className="relative min-h-0">
      <section
        ref={scroller}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls is reached by the keyboard
        tabIndex={0}
        aria-label="Log lines"
        style={{ maxHeight: room }}
        className="overflow-auto py-1 font-mono text-small -outline-offset-2"
        onScroll={event => {
          const { scrollTop, scrollHeight, clientHeight } = event.currentTarget
          if (scrollTop < topBefore.current - 1) setFollowing(false)
          else if (open && scrollHeight - scrollTop - clientHeight < END) setFollowing(true)
          topBefore.current = scrollTop
        }}
      >
        <div className={wrap ? 'relative' : 'relative min-w-max'} style={{ height: virtual.getTotalSize() }}>
          <div
            className={wrap ? 'absolute inset-x-0 top-0' : 'min-w-full'}
            style={{ transform: `translateY(${virtual.getVirtualItems()[0]?.start ?? 0}px)` }}
          >
            {virtual.getVirtualItems().map(item => {
              const row = rows[item.index] as Row
              const name = nameOf(row)
              return (
                <div key={item.key} data-index={item.index} ref={virtual.measureElement}>
                  {'head' in row ? (
                    <HeadRow attempt={row.attempt} delivered={delivered.get(row.attempt)} />
                  ) : (
                    <LineRow
                      line={row}
                      wrap={wrap}
                      since={relative ? (delivered.get(row.attempt)?.at ?? row.time) : null}
                      sought={sought}
                      isHit={item.index === hit}
                      isPicked={name === picked}
                      unfolded={unfolded.has(name)}
                      onTurn={() => turn(name)}
                      onLink={() => copyLink(name)}
                    />
                  )}
                </div>
              )
            })}
          </div>
        </div>
      </section>
      {open && !following && (
        <Button kind="main" icon="chevron" keys="G" onClick={() => setFollowing(true)} className="absolute right-4 bottom-3">
          Jump to live{fresh > 0 ? ` · ${countText(fresh)} new` : ''}
        </Button>
      )}
    </div>
  )
}

function nameOf(row: Row): string {
  return 'head' in row ? `head ${row.attempt}` : row.name
}
