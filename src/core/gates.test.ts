import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { countedSince, type Group, groupId, labelsFit, sortKey } from './gates.ts'

const labels = () => fc.dictionary(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), { maxKeys: 5, noNullPrototype: true })
const group = (): fc.Arbitrary<Group> =>
  fc.record({
    namespace: fc.constantFrom('default', 'a', 'b'),
    queue: fc.constantFrom('default', 'a', 'b'),
    definition: fc.constantFrom('a', 'b', 'mail'),
    labels: fc.option(labels()),
    keys: fc.option(labels()),
    sequence: fc.option(fc.constantFrom('', 's', 't')),
  })

describe('a group (E19)', () => {
  test('equal groups have equal ids, in whatever order their labels are written', () => {
    fc.assert(
      fc.property(group(), fc.infiniteStream(fc.nat()), (group, numbers) => {
        const shuffled =
          group.labels === null
            ? null
            : Object.fromEntries(
                Object.entries(group.labels)
                  .map(entry => ({ entry, place: numbers.next().value as number }))
                  .sort((a, b) => a.place - b.place)
                  .map(({ entry }) => entry),
              )
        expect(groupId({ ...group, labels: shuffled })).toBe(groupId(structuredClone(group)))
      }),
    )
  })

  test('groups that differ have different ids, and an id is a safe integer', () => {
    fc.assert(
      fc.property(group(), group(), (a, b) => {
        const text = (of: Group) =>
          JSON.stringify([
            of.namespace,
            of.queue,
            of.definition,
            ...[of.labels, of.keys].map(words => words && Object.entries(words).sort()),
            of.sequence,
          ])
        fc.pre(text(a) !== text(b))
        expect(groupId(a)).not.toBe(groupId(b))
        expect(Number.isSafeInteger(groupId(a)) && groupId(a) >= 0).toBe(true)
      }),
    )
  })

  test('names that run into each other are told apart', () => {
    const id = (namespace: string, queue: string, definition: string) =>
      groupId({ namespace, queue, definition, labels: null, keys: null, sequence: null })
    expect(new Set([id('a', 'b', 'c'), id('ab', '', 'c'), id('a', 'bc', ''), id('', 'ab', 'c'), id('a', 'c', 'b')]).size).toBe(5)
  })
})

describe('priority with ageing is one static sort key, smallest first', () => {
  const minutes = (count: number) => count * 60_000
  test.each([
    // The docstring: a task of priority 5 goes before one of priority 0 that became ready up to 5 minutes earlier.
    ['priority 5, ready 4 minutes later, goes first', [minutes(10), 0], [minutes(14), 5], 'second'],
    ['priority 5, ready 6 minutes later, goes second', [minutes(10), 0], [minutes(16), 5], 'first'],
    ['of equal priority the one that is ready first goes first', [minutes(10), 3], [minutes(10) + 1, 3], 'first'],
    ['a negative priority waits a minute a step', [minutes(10), -1], [minutes(11) - 1, 0], 'second'],
    ['and goes first once it has waited so long', [minutes(10), -1], [minutes(11) + 1, 0], 'first'],
  ] as const)('%s', (_, [readyA, priorityA], [readyB, priorityB], goes) => {
    expect(sortKey(readyA, priorityA) < sortKey(readyB, priorityB) ? 'first' : 'second').toBe(goes)
  })

  test('at exactly five minutes the two are equal', () => expect(sortKey(minutes(15), 5)).toBe(sortKey(minutes(10), 0)))
})

// Airflow 3 orders by priority weight, then by the DAG run's date, then by map index (`SchedulerJobRunner._executable_task_instances_to_queued`), without a bound.
describe('a task of a DAG counts as ready since its run began, but for a minute at most', () => {
  test.each([
    ['it became ready 20 s after its run began', 1_020_000, 1_000_000.25, 1_000_000.25],
    ['a minute after', 1_060_000, 1_000_000.25, 1_000_000.25],
    ['an hour after', 4_600_000, 1_000_000.25, 4_540_000],
    ['in the millisecond in which its run began', 1_000_000, 1_000_000.25, 1_000_000.25],
    ['by a clock that was set back by an hour since', 1_000_000, 4_600_000.25, 1_000_001],
  ])('%s', (_, readyAt, runSince, counted) => expect(countedSince(readyAt, runSince)).toBe(counted))

  test('so at most what became ready in the minute before waits for it, as for one step of priority', () => {
    const [readyAt, longAgo] = [10_000_000, 1_000_000]
    expect(sortKey(countedSince(readyAt, longAgo), 0)).toBe(sortKey(readyAt, 1))
  })
})

describe('labels fit when each that is asked for is there and equal', () => {
  test.each([
    [null, {}, true],
    [{}, {}, true],
    [null, { gpu: 'a100' }, true],
    [{ gpu: 'a100' }, { gpu: 'a100' }, true],
    [{ gpu: 'a100' }, { gpu: 'a100', zone: 'eu' }, true],
    [{ gpu: 'a100' }, {}, false],
    [{ gpu: 'a100' }, { gpu: 'h100' }, false],
    [{ gpu: 'a100', zone: 'eu' }, { gpu: 'a100' }, false],
    [{ constructor: 'a' }, {}, false],
  ])('%j asked, %j offered: %s', (asked, offered, fits) => expect(labelsFit(asked as never, offered as never)).toBe(fits))
})
