import { dag, job, type Task } from '@mainspring/sdk'

/** One task, eight behind it, one behind them: ten that do nothing. */
export const TEN = 10
export const ten = dag('ten', { defaults: { queue: 'drain' } }, d => {
  const first = d.task('first', () => 'ok')
  const middle = Array.from({ length: 8 }, (_, n) => d.task(`middle-${n}`, { after: first }, () => 'ok'))
  d.task('last', { after: middle }, parts => parts.length)
})

/** A list of so many, a task for each of its items, and one that gets them all. */
export const wide = dag<number, number>('wide', d => {
  const list = d.task('list', (count: number) => Array.from({ length: count }, (_, n) => n))
  const each = d.map('each', list, n => n)
  return d.task('join', { after: each }, all => all.length)
})

export const layer = job('layer', () => 'ok')

const WIDTH = 10
export const LAYERED = { shape: 'layered' }

/** Layers of ten tasks, each of which waits for all of the layer before. */
export function layered(name: string, tasks: number) {
  return dag(name, { tags: LAYERED }, d => {
    const made: Task<string>[] = []
    for (let n = 0; n < tasks; n++) {
      const from = n - (n % WIDTH) - WIDTH
      made.push(d.task(`t${n}`, { waitFor: from < 0 ? [] : made.slice(from, from + WIDTH) }, layer))
    }
  })
}
