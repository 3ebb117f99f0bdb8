import { expect, test } from 'vitest'
import { Client } from './client.ts'
import { Gathering } from './gathering.ts'
import { FakeClock, FakeServer, settled } from './testing/fakes.ts'

test.each([
  ['all that it may', { itemsMax: 40 }, 100, [40, 40, 20]],
  ['half of many', { itemsMax: 1_000, halvedFrom: 50 }, 500, [250, 125, 63, 50, 12]],
  ['all of few', { itemsMax: 1_000, halvedFrom: 50 }, 50, [50]],
  ['never more than it may', { itemsMax: 30, halvedFrom: 50 }, 100, [30, 30, 30, 10]],
])('a call takes %s of what one turn sends', async (_, bounds, items, calls) => {
  const sent: number[] = []
  const gathering = new Gathering<number>({
    client: new Client({ connection: new FakeServer(), clock: new FakeClock() }),
    callsMax: 8,
    ...bounds,
    textOf: String,
    send: async batch => void sent.push(batch.length),
  })
  for (let item = 0; item < items; item++) gathering.add(item)
  await settled()
  expect(sent).toEqual(calls)
})
