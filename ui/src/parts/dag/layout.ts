import Elk, { type ElkNode } from 'elkjs/lib/elk-api.js'
import type { Shown, ShownNode } from './folding.ts'
import { NODE_GAP, NODE_HEIGHT, NODE_WIDTH, type Placed, RANK_GAP } from './places.ts'
import { LAYERED_MAX, type Ranks } from './ranks.ts'

const GROUP_HEAD = 32
const OPTIONS = {
  'elk.algorithm': 'layered',
  'elk.direction': 'RIGHT',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.layered.spacing.nodeNodeBetweenLayers': String(RANK_GAP),
  'elk.spacing.nodeNode': String(NODE_GAP),
  'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
}
const GROUP_OPTIONS = { 'elk.padding': `[top=${GROUP_HEAD + 8},left=12,bottom=12,right=12]` }

let elk: InstanceType<typeof Elk> | null = null
function started(): InstanceType<typeof Elk> {
  elk ??= new Elk({ workerFactory: () => new Worker(new URL('./layout-worker.ts', import.meta.url), { type: 'module' }) })
  return elk
}

/** Where all that is shown stands. Too large for a layered layout: by ranks, without a box around groups. */
export async function laidOut({ nodes, edges }: Shown): Promise<ReadonlyMap<string, Placed>> {
  const solid = nodes.filter(({ is }) => is !== 'open')
  if (isLarge({ nodes, edges })) return rankedAside({ ids: solid.map(({ id }) => id), edges })
  const childrenOf = (parent: string | null): ElkNode[] => nodes.filter(node => node.parent === parent).map(elkNode)
  const elkNode = ({ id, is }: ShownNode): ElkNode =>
    is === 'open' ? { id, layoutOptions: GROUP_OPTIONS, children: childrenOf(id) } : { id, width: NODE_WIDTH, height: NODE_HEIGHT }
  const root = await started().layout({
    id: '\n',
    layoutOptions: OPTIONS,
    children: childrenOf(null),
    edges: edges.map(({ from, to }) => ({ id: `${from}\n${to}`, sources: [from], targets: [to] })),
  })
  const placed = new Map<string, Placed>()
  const take = (node: ElkNode): void => {
    for (const child of node.children ?? []) {
      placed.set(child.id, { x: child.x ?? 0, y: child.y ?? 0, width: child.width ?? NODE_WIDTH, height: child.height ?? NODE_HEIGHT })
      take(child)
    }
  }
  take(root)
  return placed
}

function rankedAside(ranks: Ranks): Promise<ReadonlyMap<string, Placed>> {
  const worker = new Worker(new URL('./ranks-worker.ts', import.meta.url), { type: 'module' })
  return new Promise<ReadonlyMap<string, Placed>>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<ReadonlyMap<string, Placed>>) => resolve(data)
    worker.onerror = ({ message }) => reject(new Error(message))
    worker.postMessage(ranks)
  }).finally(() => worker.terminate())
}

export function isLarge({ nodes, edges }: Shown): boolean {
  return nodes.length > LAYERED_MAX || edges.length > 3 * LAYERED_MAX
}
