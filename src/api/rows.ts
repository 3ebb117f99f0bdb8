import type { Engine } from '../engine/face.ts'

/** Shapes that the engine's face takes over from the store's port, which the API itself may not reach for (docs/architecture.md section 4). */
export type RunFilter = Parameters<Engine['runs']['list']>[0]
export type RunSearch = Parameters<Engine['runs']['list']>[0]
export type LogRow = Parameters<Engine['tasks']['log']>[1][number]
export type StreamRow = Awaited<ReturnType<Engine['runs']['stream']>>['rows'][number]
export type LedgerFilter = Parameters<Engine['schedules']['ledger']>[2]
