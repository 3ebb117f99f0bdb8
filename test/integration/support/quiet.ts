import type { Client } from '@mainspring/sdk'
import { until } from './processes.ts'

const OPEN = ['scheduled', 'queued', 'running', 'waiting', 'paused'] as const

/** Every run is closed, but for so many. */
export function quiet(client: Client, { open = 0, everyMs = 25 }: { open?: number; everyMs?: number } = {}): Promise<void> {
  return until('every run is closed', async () => (await client.runs.list({ state: [...OPEN], limit: open + 1 })).runs.length <= open, everyMs)
}
