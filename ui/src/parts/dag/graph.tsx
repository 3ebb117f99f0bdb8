import '@xyflow/react/dist/base.css'
import './graph.css'
import { useQuery } from '@tanstack/react-query'
import { type Edge, getViewportForBounds, Position, ReactFlow, ReactFlowProvider, useReactFlow, useStore, useStoreApi } from '@xyflow/react'
import { useEffect, useEffectEvent, useMemo, useRef, useState } from 'react'
import type { DagGraph } from '../../api/dags.ts'
import { usePreferences } from '../../format/preferences.ts'
import { Button, IconButton } from '../button.tsx'
import { classes } from '../classes.ts'
import { FilterBox } from '../filter-box.tsx'
import { ErrorState, Skeleton } from '../states.tsx'
import { type Shown, type ShownNode, shownOf } from './folding.ts'
import { isLarge, laidOut } from './layout.ts'
import { GroupBox, type GroupNode, type Standing, TaskBox, type TaskNode } from './node.tsx'
import type { Placed } from './places.ts'
import { boundsOf, nodesWithin, regionOf, regionSeen } from './region.ts'
import type { CriticalPath } from './times.ts'
import { worstOf } from './words.ts'

export interface DagGraphViewProps {
  graph: DagGraph
  /** How each task stands, by its number; null: no run is shown. */
  standing: ((n: number) => Standing) | null
  /** Of a run: the longest chain by what it took. */
  critical?: CriticalPath
  picked: string | undefined
  onPick(task: string | undefined): void
}

/** Groups begin folded where there are more tasks than one can see at once. */
const UNFOLDED_MAX = 150
/** More edges than these are a black field: only those of the task that is picked are drawn. */
const EDGES_MAX = 4_000
const FITTED_MAX = 500
const NODE_TYPES = { task: TaskBox, group_: GroupBox }

/** Tasks and who waits for whom: moved with the pointer, zoomed with Ctrl and the wheel, groups folded, tasks found by their names. */
export default function DagGraphView(props: DagGraphViewProps) {
  return (
    <ReactFlowProvider>
      <Flow {...props} />
    </ReactFlowProvider>
  )
}

function Flow({ graph, standing, critical, picked, onPick }: DagGraphViewProps) {
  const all = useMemo(() => graph.groups.map(({ group }) => group), [graph])
  const [folded, setFolded] = useState<ReadonlySet<string>>(() => new Set(graph.tasks.length > UNFOLDED_MAX ? all : []))
  const [find, setFind] = useState('')
  const shown = useMemo(() => shownOf(graph, folded), [graph, folded])
  const layout = useQuery({
    queryKey: ['', 'dag-layout', graph.definition, graph.version, [...folded].sort().join('\n')],
    queryFn: async () => ({ graph, shown, places: await laidOut(shown) }),
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: before => before,
    retry: false,
  })
  // While another version is laid out the one before is still there, whose tasks have other numbers.
  const isOfThis = layout.data?.graph.version === graph.version
  const found = useMemo(() => foundIn(graph, shown, find), [graph, shown, find])
  const fold = (group: string): void => {
    const next = new Set(folded)
    if (!next.delete(group)) next.add(group)
    setFolded(next)
  }
  return (
    <div className="flex min-w-0 flex-col gap-2">
      <div className="flex flex-wrap items-center gap-2">
        <FilterBox label="Find tasks" placeholder="Find tasks" value={find} onChange={setFind} />
        {find !== '' && (
          <span role="status" className="text-small text-soft">
            {found?.size ?? 0} found
          </span>
        )}
        {all.length > 0 && (
          <Button kind="quiet" onClick={() => setFolded(new Set(folded.size === 0 ? all : []))}>
            {folded.size === 0 ? 'Fold all groups' : 'Unfold all groups'}
          </Button>
        )}
      </div>
      <section
        aria-label={`Graph of ${graph.definition}`}
        className="h-[min(64vh,640px)] min-h-72 overflow-hidden rounded border border-line bg-ground"
      >
        {layout.data !== undefined ? (
          <Canvas
            {...layout.data}
            standing={isOfThis ? standing : null}
            {...(isOfThis && critical && { critical })}
            picked={picked}
            onPick={onPick}
            onFold={fold}
            found={found}
          />
        ) : layout.isError ? (
          <ErrorState error={layout.error} retry={() => void layout.refetch()} />
        ) : (
          <Skeleton lines={8} />
        )}
      </section>
      {shown.edges.length > EDGES_MAX && <p className="text-small text-soft">Pick a task to see what it waits for, and what waits for it.</p>}
    </div>
  )
}

interface CanvasProps extends DagGraphViewProps {
  shown: Shown
  places: ReadonlyMap<string, Placed>
  onFold(group: string): void
  found: ReadonlySet<string> | null
}

function Canvas({ graph, shown, places, standing, critical, picked, onPick, onFold, found }: CanvasProps) {
  const { fitView, setViewport, zoomIn, zoomOut } = useReactFlow()
  const store = useStoreApi()
  const { theme } = usePreferences()
  const isBig = shown.nodes.length > FITTED_MAX
  const isFlat = isLarge(shown)
  const path = useMemo(() => (critical === undefined ? null : shownPath(shown, critical)), [shown, critical])
  const drawn = useMemo(
    () =>
      shown.edges.length > EDGES_MAX
        ? shown.edges.filter(({ from, to }) => from === picked || to === picked || path?.edges.has(`${from}\n${to}`))
        : shown.edges,
    [shown, picked, path],
  )
  // The library goes through all that it is given with each drawing: of a large graph it is given what one sees.
  const region = useStore(({ transform, width, height }) => (isFlat ? regionSeen(transform, width, height) : ''))
  const near = useMemo(() => (isFlat ? nodesWithin(shown, places, drawn, regionOf(region)) : shown.nodes), [isFlat, shown, places, drawn, region])
  const nodes = near.flatMap((node): (TaskNode | GroupNode)[] => {
    const place = places.get(node.id)
    if (place === undefined) return []
    const { x, y, width, height } = place
    const common = {
      id: node.id,
      position: { x, y },
      width,
      height,
      // Known beforehand: so one that was never drawn can be brought into sight.
      measured: { width, height },
      ...(node.parent !== null && !isFlat && { parentId: node.parent }),
      handles: [
        { type: 'target' as const, position: Position.Left, x: 0, y: height / 2 },
        { type: 'source' as const, position: Position.Right, x: width, y: height / 2 },
      ],
    }
    const told = {
      id: node.id,
      standing: standing && standingOf(node, standing),
      critical: path?.shares.get(node.id) ?? null,
      picked: node.id === picked,
      dimmed: found !== null && !found.has(node.id),
    }
    const task = graph.tasks[node.tasks[0] ?? -1]
    if (node.is === 'task' && task !== undefined)
      return [{ ...common, type: 'task', data: { ...told, task, onPick: () => onPick(node.id === picked ? undefined : node.id) } }]
    const mapped = graph.groups.some(({ group, mapped }) => group === node.id && mapped)
    return [
      { ...common, type: 'group_', data: { ...told, size: node.tasks.length, mapped, open: node.is === 'open', onFold: () => onFold(node.id) } },
    ]
  })
  const given = isFlat ? new Set(near.map(({ id }) => id)) : null
  const edges = (given === null ? drawn : drawn.filter(({ from, to }) => given.has(from) && given.has(to))).map(
    ({ from, to }): Edge => ({
      id: `${from}\n${to}`,
      source: from,
      target: to,
      className: classes(path?.edges.has(`${from}\n${to}`) && 'dag-edge-critical', (from === picked || to === picked) && 'dag-edge-picked'),
      ...(found !== null && !(found.has(from) && found.has(to)) && { style: { opacity: 0.25 } }),
    }),
  )
  const show = (ids: Iterable<string>, padding: number): void => {
    if (!isFlat) return void fitView({ nodes: [...ids].map(id => ({ id })), maxZoom: 1, padding })
    const { width, height, minZoom } = store.getState()
    const bounds = boundsOf(ids, places)
    if (bounds !== null) void setViewport(getViewportForBounds(bounds, width, height, minZoom, 1, padding))
  }
  const bring = useEffectEvent(show)
  // What is found comes into sight; another layout is shown whole.
  const whole = useRef(places)
  useEffect(() => {
    if (found !== null && found.size > 0 && found.size <= FITTED_MAX) bring(found, 0.2)
    else if (whole.current !== places && !isBig) void fitView({ maxZoom: 1, padding: 0.1 })
    whole.current = places
  }, [found, places, isBig, fitView])
  return (
    <ReactFlow
      nodes={nodes}
      edges={edges}
      nodeTypes={NODE_TYPES}
      colorMode={theme === 'light' || theme === 'dark' ? theme : 'system'}
      nodesDraggable={false}
      nodesConnectable={false}
      nodesFocusable={false}
      edgesFocusable={false}
      elementsSelectable={false}
      onlyRenderVisibleElements={isBig}
      minZoom={isBig ? 0.2 : 0.05}
      maxZoom={1.5}
      {...(isBig ? { defaultViewport: { x: 16, y: 16, zoom: 0.75 } } : { fitView: true, fitViewOptions: { maxZoom: 1, padding: 0.1 } })}
      preventScrolling={false}
      zoomOnScroll={false}
      panOnScroll={false}
      proOptions={{ hideAttribution: true }}
      onPaneClick={() => onPick(undefined)}
    >
      <div className="absolute right-2 top-2 z-10 flex flex-col rounded border border-line bg-surface">
        <IconButton icon="plus" label="Nearer" onClick={() => void zoomIn()} />
        <IconButton icon="minus" label="Further away" onClick={() => void zoomOut()} />
        <IconButton icon="whole" label="All of it" onClick={() => show(places.keys(), 0.1)} />
      </div>
    </ReactFlow>
  )
}

/** The path as it is drawn: what each box takes of it, and the edges between them. */
function shownPath({ nodes }: Shown, { tasks }: CriticalPath): { shares: ReadonlyMap<string, number>; edges: ReadonlySet<string> } {
  const boxes = new Map<number, string>()
  for (const { id, is, tasks: within } of nodes) if (is !== 'open') for (const n of within) boxes.set(n, id)
  const shares = new Map<string, number>()
  const edges = new Set<string>()
  for (const [place, { n, share }] of tasks.entries()) {
    const id = boxes.get(n) as string
    shares.set(id, (shares.get(id) ?? 0) + share)
    const before = tasks[place - 1]
    if (before !== undefined) edges.add(`${boxes.get(before.n)}\n${id}`)
  }
  return { shares, edges }
}

/** Of a group: how its tasks stand together. */
function standingOf({ is, tasks }: ShownNode, standing: (n: number) => Standing): Standing {
  if (is === 'task') return standing(tasks[0] as number)
  const counts: Record<string, number> = {}
  for (const n of tasks) {
    const { state } = standing(n)
    counts[state] = (counts[state] ?? 0) + 1
  }
  return { state: worstOf(Object.keys(counts) as Standing['state'][]), counts }
}

/** What has all the words in its name, or in that of a task within. Null: nothing is looked for. */
function foundIn({ tasks }: DagGraph, { nodes }: Shown, find: string): ReadonlySet<string> | null {
  const words = find.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return null
  const fits = (name: string): boolean => words.every(word => name.toLowerCase().includes(word))
  const found = nodes.filter(node => node.is !== 'open' && (fits(node.id) || node.tasks.some(n => fits(tasks[n]?.task ?? ''))))
  return new Set(found.map(({ id }) => id))
}
