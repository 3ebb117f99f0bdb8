import { expect, test } from 'vitest'
import { graphOf } from './graph.ts'

test('who makes an asset stands before it, what waits for it behind it; names may be the same', () => {
  const { graph, leads } = graphOf({
    assets: ['raw', 's3://sales'],
    producers: [
      { definition: 'raw', task: 'raw', asset: 'raw' },
      { definition: 'sales', task: 'load', asset: 's3://sales' },
    ],
    consumers: [
      { schedule: 'sales', definition: 'sales', assets: 'raw' },
      { schedule: 'report', definition: 'report', assets: { any: ['s3://sales', { all: ['raw', 's3://sales'] }] } },
    ],
    more: false,
  })
  const names = graph.tasks.map(({ task }) => task)
  const edges = graph.tasks.flatMap(({ task, after }) => after.map(n => `${names[n]} > ${task}`))
  expect(names).toEqual(['asset raw', 'raw', 'report', 's3://sales', 'sales'])
  expect(edges).toEqual(['raw > asset raw', 'asset raw > report', 's3://sales > report', 'sales > s3://sales', 'asset raw > sales'])
  expect(leads.get('asset raw')).toEqual({ to: 'asset', name: 'raw' })
})
