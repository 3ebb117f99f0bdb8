import type { Server } from './processes.ts'

export interface Line {
  n: number
  source: string
  at: string
  until: string
  count: number
  account: string
  run: string | null
  lateMs: number | null
}

/** A call of the native API; repeated while the server is away or has too much to do. */
export async function ask<T>(server: Server, method: string, path: string, body?: unknown): Promise<T> {
  for (;;) {
    const answer = await fetch(`${server.url}/v1/namespaces/default/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    const text = await answer.text()
    if (answer.status === 429 || answer.status === 503) {
      await new Promise(resolve => setTimeout(resolve, 200))
      continue
    }
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
    return JSON.parse(text) as T
  }
}

/** All lines of a schedule's ledger. */
export async function ledger(server: Server, name: string): Promise<Line[]> {
  const lines: Line[] = []
  for (let cursor = ''; ; ) {
    const page: { lines: Line[]; next: string | null } = await ask(server, 'GET', `schedules/${name}/ledger?limit=1000${cursor}`)
    lines.push(...page.lines)
    if (page.next === null) return lines
    cursor = `&cursor=${encodeURIComponent(page.next)}`
  }
}
