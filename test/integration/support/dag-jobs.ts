// The DAG of the tests in this folder. Each task writes down that it starts.
import { type DagBuilder, type DagContext, dag, Skip } from '@mainspring/sdk'
import { writeLine } from './records.ts'

const after = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
const retry = { attempts: 60, initial: 20, factor: 1.2, maximum: 500 }

export interface TaskMark {
  run: string
  task: string
  item: number | null
}

/** A fan-out, one that is skipped, one that fails twice, and where they meet. */
export const fan = dag('fan', { version: '1' }, (d: DagBuilder<number>) => {
  const marked = async ({ dag: { run, task, item } }: DagContext, ms: number): Promise<void> => {
    writeLine(process.env.TEST_RECORDS as string, { run, task, item: item ?? null } satisfies TaskMark)
    await after(ms)
  }
  const list = d.task('list', { retry }, async (n, ctx) => {
    await marked(ctx, n % 20)
    return Array.from({ length: (n % 5) + 1 }, (_, index) => index + n)
  })
  const each = d.map(
    'each',
    list,
    async (value, ctx) => {
      await marked(ctx, value % 30)
      return value * 2
    },
    { retry },
  )
  const odd = d.task('odd', { after: list, retry }, async (values, ctx) => {
    await marked(ctx, 0)
    if (values.length % 2 === 0) throw new Skip('an even number of them')
    return 'odd'
  })
  const flaky = d.task('flaky', { after: list, retry }, async (_, ctx) => {
    if (ctx.attempt < 3) throw new Error('not yet')
    return 'at last'
  })
  return d.task('sum', { after: [each, odd, flaky], when: 'none_failed', retry }, async ([values, word, last], ctx) => {
    await marked(ctx, 5)
    return { sum: values.reduce((sum, value) => sum + value, 0), word, last }
  })
})
