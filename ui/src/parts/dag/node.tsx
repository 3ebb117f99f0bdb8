import { Handle, type Node, type NodeProps, Position } from '@xyflow/react'
import type { CSSProperties } from 'react'
import type { DagGraph, TaskState } from '../../api/dags.ts'
import { percentText } from '../../format/number.ts'
import { classes } from '../classes.ts'
import { Icon } from '../icons.tsx'
import { SplitBar } from '../meter.tsx'
import { stateColor, stateSign } from '../state-badge.tsx'
import { badgeOf, itemsText, partsOf } from './words.ts'

export interface Standing {
  state: TaskState
  /** Of a mapped task, or of the tasks of a group. */
  counts: Readonly<Record<string, number>> | null
}
interface Told extends Record<string, unknown> {
  id: string
  /** Null: no run is shown. */
  standing: Standing | null
  /** What it takes of the critical path, 0 to 1. Null: it is not on it. */
  critical: number | null
  picked: boolean
  /** It is not what one looks for. */
  dimmed: boolean
}
export type TaskNode = Node<Told & { task: DagGraph['tasks'][number]; onPick(): void }, 'task'>
export type GroupNode = Node<Told & { size: number; mapped: boolean; open: boolean; onFold(): void }, 'group_'>

/** A task: its state as icon, colour and word, what does it, and how far its items are. */
export function TaskBox({ data: { id, task, standing, critical, picked, dimmed, onPick } }: NodeProps<TaskNode>) {
  const says = standing?.counts ? `${itemsText(standing.counts)} items` : (TRAITS[task.is ?? ''] ?? task.job ?? 'joins')
  return (
    <>
      <Handle type="target" position={Position.Left} isConnectable={false} className="dag-handle" />
      <button type="button" aria-pressed={picked} onClick={onPick} className={boxClass(picked, dimmed)} style={edgeOf(standing, critical)}>
        <Sign standing={standing} />
        <span className="min-w-0 grow text-left">
          <span className="block truncate font-mono text-small" title={id}>
            {id}
          </span>
          {standing?.counts ? (
            <span className="flex items-center gap-1.5">
              <SplitBar label={id} parts={partsOf(standing.counts)} height={4} />
              <span className="numeric shrink-0 text-tiny text-soft">{itemsText(standing.counts)}</span>
            </span>
          ) : (
            <span className="block truncate text-tiny text-soft">{task.mapped ? `${says} · mapped` : says}</span>
          )}
        </span>
        <Share critical={critical} />
      </button>
      <Handle type="source" position={Position.Right} isConnectable={false} className="dag-handle" />
    </>
  )
}

const TRAITS: Readonly<Record<string, string>> = {
  branch: 'branch',
  short_circuit: 'short circuit',
  setup: 'setup',
  teardown: 'teardown',
  approval: 'approval',
  wait: 'waits',
}

/** A group: folded it is a box like a task's, open it stands around its members. */
export function GroupBox({ data: { id, size, mapped, open, standing, critical, picked, dimmed, onFold } }: NodeProps<GroupNode>) {
  if (open)
    return (
      <div className="size-full rounded border border-dashed border-edge bg-[color-mix(in_oklab,var(--hover)_60%,transparent)]">
        <button
          type="button"
          aria-expanded="true"
          onClick={onFold}
          className="pointer-events-auto flex h-8 max-w-full items-center gap-1.5 px-2 text-small text-soft hover:text-ink"
        >
          <Icon name="chevron" size={12} />
          <span className="truncate">{id}</span>
          {mapped && <span className="shrink-0 text-tiny">mapped</span>}
        </button>
      </div>
    )
  return (
    <>
      <Handle type="target" position={Position.Left} isConnectable={false} className="dag-handle" />
      <button
        type="button"
        aria-expanded="false"
        onClick={onFold}
        className={classes(boxClass(picked, dimmed), 'border-dashed')}
        style={edgeOf(standing, critical)}
      >
        {standing === null ? <Icon name="right" size={14} className="text-soft" /> : <Sign standing={standing} />}
        <span className="min-w-0 grow text-left">
          <span className="block truncate text-small font-medium">{id}</span>
          <span className="flex items-center gap-1.5">
            {standing?.counts && <SplitBar label={id} parts={partsOf(standing.counts)} height={4} />}
            <span className="numeric shrink-0 text-tiny text-soft">{mapped ? `${size} tasks · mapped` : `${size} tasks`}</span>
          </span>
        </span>
        <Share critical={critical} />
      </button>
      <Handle type="source" position={Position.Right} isConnectable={false} className="dag-handle" />
    </>
  )
}

function Sign({ standing }: { standing: Standing | null }) {
  if (standing === null) return null
  const { icon, word } = stateSign(badgeOf(standing.state))
  return (
    <span className="flex shrink-0" style={{ color: stateColor(badgeOf(standing.state)) }} title={word}>
      <Icon name={icon} size={16} {...(standing.state === 'started' && { className: 'pulse' })} />
      <span className="hidden-text">{word}</span>
    </span>
  )
}

function Share({ critical }: { critical: number | null }) {
  if (critical === null || critical === 0) return null
  return (
    <span className="numeric shrink-0 text-tiny text-soft" title="of the critical path">
      {percentText(critical)}
      <span className="hidden-text"> of the critical path</span>
    </span>
  )
}

function boxClass(picked: boolean, dimmed: boolean): string {
  return classes(
    'pointer-events-auto flex size-full items-center gap-2 rounded border bg-surface px-2.5 hover:bg-hover',
    picked ? 'outline-2 outline-offset-1 outline-focus' : null,
    dimmed && 'opacity-35',
  )
}

/** What has not begun looks like the rest of the page; what is on the critical path has a strong edge at its left. */
function edgeOf(standing: Standing | null, critical: number | null): CSSProperties {
  const isQuiet = standing === null || standing.state === 'waiting'
  const color = isQuiet ? 'var(--edge)' : `color-mix(in oklab, ${stateColor(badgeOf(standing.state))} 70%, var(--surface))`
  return critical === null ? { borderColor: color } : { borderColor: `${color} ${color} ${color} var(--ink)`, borderLeftWidth: 4 }
}
