import { Handle, type Node, type NodeProps, Position } from '@xyflow/react'
import type { DagGraph, TaskState } from '../../api/dags.ts'
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
  picked: boolean
  /** It is not what one looks for. */
  dimmed: boolean
}
export type TaskNode = Node<Told & { task: DagGraph['tasks'][number]; onPick(): void }, 'task'>
export type GroupNode = Node<Told & { size: number; open: boolean; onFold(): void }, 'group_'>

/** A task: its state as icon, colour and word, what does it, and how far its items are. */
export function TaskBox({ data: { id, task, standing, picked, dimmed, onPick } }: NodeProps<TaskNode>) {
  const says = standing?.counts ? `${itemsText(standing.counts)} items` : (TRAITS[task.is ?? ''] ?? task.job ?? 'joins')
  return (
    <>
      <Handle type="target" position={Position.Left} isConnectable={false} className="dag-handle" />
      <button type="button" aria-pressed={picked} onClick={onPick} className={boxClass(picked, dimmed)} style={edgeOf(standing)}>
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
      </button>
      <Handle type="source" position={Position.Right} isConnectable={false} className="dag-handle" />
    </>
  )
}

const TRAITS: Readonly<Record<string, string>> = { branch: 'branch', short_circuit: 'short circuit', setup: 'setup', teardown: 'teardown' }

/** A group: folded it is a box like a task's, open it stands around its members. */
export function GroupBox({ data: { id, size, open, standing, picked, dimmed, onFold } }: NodeProps<GroupNode>) {
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
        style={edgeOf(standing)}
      >
        {standing === null ? <Icon name="right" size={14} className="text-soft" /> : <Sign standing={standing} />}
        <span className="min-w-0 grow text-left">
          <span className="block truncate text-small font-medium">{id}</span>
          <span className="flex items-center gap-1.5">
            {standing?.counts && <SplitBar label={id} parts={partsOf(standing.counts)} height={4} />}
            <span className="numeric shrink-0 text-tiny text-soft">{size} tasks</span>
          </span>
        </span>
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

function boxClass(picked: boolean, dimmed: boolean): string {
  return classes(
    'pointer-events-auto flex size-full items-center gap-2 rounded border bg-surface px-2.5 hover:bg-hover',
    picked ? 'outline-2 outline-offset-1 outline-focus' : null,
    dimmed && 'opacity-35',
  )
}

/** What has not begun looks like the rest of the page. */
function edgeOf(standing: Standing | null): { borderColor: string } {
  const isQuiet = standing === null || standing.state === 'waiting'
  return { borderColor: isQuiet ? 'var(--edge)' : `color-mix(in oklab, ${stateColor(badgeOf(standing.state))} 70%, var(--surface))` }
}
