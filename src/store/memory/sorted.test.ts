import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SortedPlaces } from './sorted.ts'

const place = fc.record({ at: fc.integer({ min: -3, max: 3 }), id: fc.constantFrom('a', 'b', 'c', 'd') })
const compare = (a: { at: number; id: string }, b: { at: number; id: string }) => a.at - b.at || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)

test('places are in order both ways from anywhere, after any adding and deleting', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(place, fc.boolean())), place, (changes, from) => {
      const places = new SortedPlaces()
      const expected = new Map<string, { at: number; id: string }>()
      for (const [place, adding] of changes) {
        const known = expected.has(JSON.stringify(place))
        if (adding && !known) places.add(place)
        if (!adding) places.delete(place)
        if (adding) expected.set(JSON.stringify(place), place)
        else expected.delete(JSON.stringify(place))
      }
      const sorted = [...expected.values()].sort(compare)
      expect([...places.ascending(null)]).toEqual(sorted)
      expect([...places.descending(null)]).toEqual([...sorted].reverse())
      expect([...places.ascending(from)]).toEqual(sorted.filter(place => compare(place, from) > 0))
      expect([...places.descending(from)]).toEqual(sorted.filter(place => compare(place, from) < 0).reverse())
      expect(places.first()).toEqual(sorted[0])
    }),
  )
})

test('many places, in blocks, are in order too', () => {
  const places = new SortedPlaces()
  const all = Array.from({ length: 5_000 }, (_, index) => ({ at: (index * 7_919) % 5_000, id: 'x' }))
  for (const place of all) places.add(place)
  for (const place of all) if (place.at % 3 !== 0) places.delete(place)
  const kept = all.map(({ at }) => at).filter(at => at % 3 === 0)
  kept.sort((a, b) => a - b)
  expect([...places.ascending({ at: 998, id: 'x' })].map(({ at }) => at)).toEqual(kept.filter(at => at > 998))
  expect([...places.descending({ at: 3_001, id: '' })].map(({ at }) => at)).toEqual(kept.filter(at => at < 3_001).reverse())
})
