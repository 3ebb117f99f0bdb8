import type { Client, WireLogs } from '@mainspring/sdk'

/** All lines of a run that are there now, page by page. */
export async function* allLogs(client: Client, run: string): AsyncGenerator<WireLogs['lines'][number]> {
  for (let cursor: string | undefined; ; ) {
    const page: WireLogs = await client.call('runs.logs', { run }, undefined, { query: { cursor, limit: '1000' } })
    yield* page.lines
    if (page.next === null) return
    cursor = page.next
  }
}
