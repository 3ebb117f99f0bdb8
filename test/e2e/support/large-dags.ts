import type { Page } from 'playwright-core'

/** Answers of a server that has a DAG of so many tasks, and so many runs of it: what a page does with them, without the days that making them takes. */
export interface Large {
  definition: string
  tasks: number
  runs: number
  /** When its newest run began, in milliseconds since 1970. */
  begin: number
}

const DAY_MS = 86_400_000
const PAGE = 100

export async function serveLarge(page: Page, large: Large): Promise<void> {
  const { definition, begin } = large
  const version = (): string => `v${large.tasks}`
  await page.route(`**/definitions/${definition}/graph*`, route =>
    route.fulfill({ json: { definition, version: version(), tasks: tasksOf(large), groups: [] } }),
  )
  await page.route(`**/definitions/${definition}/grid*`, route => {
    const from = Number(new URL(route.request().url()).searchParams.get('cursor') ?? 0)
    const runs = Array.from({ length: Math.min(PAGE, large.runs - from) }, (_, n) => {
      const at = new Date(begin - (from + n) * DAY_MS).toISOString()
      return {
        run: `r${from + n}`.padStart(26, '0'),
        state: 'completed',
        version: version(),
        ...{ createdAt: at, startedAt: at, closedAt: at, nominalTime: at },
        // Of the oldest the last task has failed: it is seen by whoever goes to the end.
        tasks: 's'.repeat(large.tasks - 1) + (from + n === large.runs - 1 ? 'f' : 's'),
        items: {},
      }
    })
    return route.fulfill({ json: { runs, next: from + PAGE < large.runs ? String(from + PAGE) : null } })
  })
  await page.route('**/runs/*/tasks?*', route => {
    const asked = new URL(route.request().url()).searchParams
    const [from, limit] = [Number(asked.get('from') ?? 0), Number(asked.get('limit') ?? 1_000)]
    const tasks = Array.from({ length: Math.min(limit, large.tasks - from) }, (_, n) => ranTask(from + n, begin))
    return route.fulfill({
      json: { run: 'r', definition, version: version(), tasks, next: from + limit < large.tasks ? from + limit : null },
    })
  })
}

/** A tree: each task waits for one, and two wait for it. */
function tasksOf({ tasks }: Large): object[] {
  return Array.from({ length: tasks }, (_, n) => ({
    task: `task-${n}`,
    job: 'quick',
    rule: 'all_success',
    is: null,
    mapped: false,
    group: null,
    after: n === 0 ? [] : [(n - 1) >> 1],
  }))
}

/** Each level of the tree runs for a second, its tasks a little after each other. */
function ranTask(n: number, begin: number): object {
  const level = Math.floor(Math.log2(n + 1))
  const startedAt = begin + level * 2_000 + (n % 7) * 100
  return {
    task: `task-${n}`,
    state: 'success',
    job: 'quick',
    rule: 'all_success',
    run: String(n).padStart(26, '0'),
    startedAt: new Date(startedAt).toISOString(),
    closedAt: new Date(startedAt + 1_000).toISOString(),
    ...{ items: null, strip: null, waitsFor: [], ended: {} },
  }
}
