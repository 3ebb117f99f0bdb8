import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AssetExpression, assetsIn, expressionWords, holds, missingWords } from '../asset/expression.ts'
import { Play } from './playing.ts'
import type { Overlap } from './types.ts'

const AT = Date.UTC(2026, 10, 1)

function waiting(assets: AssetExpression, more: { overlap?: Overlap; cron?: string } = {}): Play {
  const play = new Play(AT)
  const { cron, overlap = 'allow' } = more
  play.put({ timetable: cron === undefined ? {} : { cron }, assets, overlap })
  return play.link(...assetsIn(assets))
}
const all = (...list: AssetExpression[]) => ({ all: list })
const any = (...list: AssetExpression[]) => ({ any: list })

describe('which runs follow from which events', () => {
  // Airflow 3, "Asset-Aware Scheduling": with several assets a DAG runs once each has been updated at least once since its last run;
  // one that is updated twice before the others counts once. "Conditional asset scheduling": | and & nest.
  test.each<[string, AssetExpression, string, string[]]>([
    ['one', 'a', 'a a', ['a1', 'a2']],
    ['all wait for each', all('a', 'b'), 'a b', ['a1 b1']],
    ['all: one alone does nothing', all('a', 'b'), 'a a a', []],
    ['all: several of one before the other are one run, with all of them', all('a', 'b'), 'a a b', ['a1 a2 b1']],
    ['all: each counts anew after a run', all('a', 'b'), 'a b a a b', ['a1 b1', 'a2 a3 b2']],
    ['any: at once', any('a', 'b'), 'a b', ['a1', 'b1']],
    ['(a & b) | c', any(all('a', 'b'), 'c'), 'a c b', ['a1 c1']],
    ['(a & b) | c: what c took with it does not count again', any(all('a', 'b'), 'c'), 'a c b a', ['a1 c1', 'a2 b1']],
    ['a & (b | c)', all('a', any('b', 'c')), 'b c a', ['a1 b1 c1']],
    ['a that is named twice counts once', all('a', any('a', 'b')), 'a', ['a1']],
  ])('%s', (_, assets, events, runs) => {
    const play = waiting(assets)
    for (const event of events.split(' ')) {
      play.now += 1_000
      play.hear(event).answerAll()
    }
    expect(play.triggers.map(said => said.split(' ').sort().join(' '))).toEqual(runs)
  })
})

test('what it says of an expression, and of what is left of it', () => {
  const expression = any(all('a', 'b'), 'c')
  expect(expressionWords(expression)).toBe('(a and b) or c')
  expect(missingWords(expression, name => name === 'a')).toBe('b or c')
  expect(missingWords(expression, name => name === 'c')).toBe(null)
  expect(missingWords(all('a', any('b', 'c'), 'd'), name => name === 'a')).toBe('(b or c) and d')
})

test('a time fires beside the assets, and takes none of their events (Airflow: AssetOrTimeSchedule)', () => {
  const play = waiting(all('a', 'b'), { cron: '0 * * * *' })
  play.hear('a')
  play.now = AT + 3_600_000
  play.wake().hear('b').answerAll()
  expect(play.triggers).toEqual(['', 'a1 b1'])
  expect(play.lines()).toEqual(['11-01T01:00 fired', '11-01T01:00 fired (asset)'])
  expect(play.untiled()).toBe(null)
})

// Airflow queues no event for a DAG that is paused; the run after it gets all events since the one before.
test('while it is paused events trigger nothing, and go with the next that does', () => {
  const play = waiting('a')
  play.give({ is: 'pause', note: null, until: null, gone: false, command: play.command(), by: null })
  play.hear('a', 'a')
  play.give({ is: 'resume', command: play.command(), by: null })
  expect(play.triggers).toEqual([])
  play.hear('a')
  expect(play.triggers).toEqual(['a1 a2 a3'])
})

test('what had come before a pause still counts after it', () => {
  const play = waiting(all('a', 'b')).hear('a')
  play.give({ is: 'pause', note: null, until: null, gone: false, command: play.command(), by: null })
  play.give({ is: 'resume', command: play.command(), by: null })
  expect(play.hear('b').triggers).toEqual(['a1 b1'])
})

test.each<Overlap>(['skip', 'buffer_one', 'buffer_all', 'cancel_other'])('with %s events wait until no run is open, and go together', overlap => {
  const play = waiting('a', { overlap })
  play.hear('a').answerAll()
  play.hear('a', 'a')
  expect(play.triggers).toEqual(['a1'])
  play.close()
  expect(play.triggers).toEqual(['a1', 'a2 a3'])
})

test('what triggered a run goes with it however often it is asked for', () => {
  const play = waiting('a').hear('a')
  const [run] = [...play.asked.keys()]
  play.asked.clear()
  play.now += 10_000
  play.give({ is: 'wake' })
  expect([...play.asked.keys()]).toEqual([run])
  expect(play.triggers).toEqual(['a1', 'a1'])
  play.answerAll()
  expect(play.state?.carried).toBeUndefined()
})

test('a run is for the partition that all its events name', () => {
  const play = waiting(all('a', 'b'))
  const partitionOf = () => [...play.asked.values()].map(({ order: { trigger } }) => (trigger.is === 'schedule' ? trigger.partition : 'none'))
  play.hear('a:mon', 'b:mon')
  expect(partitionOf()).toEqual(['mon'])
  play.answerAll().hear('a:tue', 'b:wed')
  expect(partitionOf()).toEqual([undefined])
})

test('an asset is asked until it answers; one that is no longer waited for is told so', () => {
  const play = new Play(AT)
  play.put({ timetable: {}, assets: all('a', 'b') })
  play.link('a')
  play.now += 10_000
  play.give({ is: 'wake' })
  expect(play.told).toEqual([...['a', 'b', 'b'].map(name => ({ to: `asset ${name}`, is: 'subscribe' }))])
  play.told.length = 0
  play.put({ timetable: {}, assets: 'a' })
  play.hear('b')
  expect(play.told).toEqual(['b', 'b'].map(name => ({ to: `asset ${name}`, is: 'unsubscribe' })))
  expect(play.triggers).toEqual([])
  play.give({ is: 'delete', command: play.command(), by: null })
  expect(play.state?.assets).toEqual({})
})

test('one that goes on asks for what it has not heard meanwhile', () => {
  const play = waiting('a').hear('a')
  play.told.length = 0
  const { messages } = play.give({ is: 'resume', command: play.command(), by: null })
  expect(messages).toEqual([expect.objectContaining({ is: 'tell', input: { is: 'subscribe', schedule: play.self, name: 'nightly', after: 1 } })])
})

test('an event that comes twice counts once; those before the subscription do not', () => {
  const play = new Play(AT)
  play.put({ timetable: {}, assets: 'a', overlap: 'allow' })
  play.give({ is: 'asset_linked', asset: 'a', n: 4 })
  const told = (n: number) => play.give({ is: 'asset_happened', asset: 'a', event: { n, at: AT, source: { is: 'call' } } })
  for (const n of [4, 5, 5, 6, 5]) told(n)
  expect(play.triggers).toEqual(['a5', 'a6'])
})

test('a run is given the last 100 events one by one, and the number of those before', () => {
  const play = waiting(all('a', 'b'))
  for (let n = 0; n < 70; n++) play.hear('a')
  play.hear('b')
  expect(play.triggers[0]?.split(' ')).toEqual([...Array.from({ length: 50 }, (_, n) => `a${n + 21}`), 'b1'])
  expect([...play.asked.values()].map(({ order }) => order.trigger)).toMatchObject([{ assets: { more: 20 } }])
})

const arbitraryExpression = fc.letrec<{ tree: AssetExpression }>(tie => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('a', 'b', 'c'),
    fc.array(tie('tree'), { minLength: 1, maxLength: 3 }).map(list => ({ all: list })),
    fc.array(tie('tree'), { minLength: 1, maxLength: 3 }).map(list => ({ any: list })),
  ),
})).tree

test('each event has a part in one run, in its order, whatever comes between', () => {
  const step = fc.constantFrom('a', 'b', 'c', 'pause', 'resume', 'answer', 'close', 'wake')
  fc.assert(
    fc.property(arbitraryExpression, fc.constantFrom<Overlap>('allow', 'skip'), fc.array(step, { maxLength: 40 }), (assets, overlap, steps) => {
      const play = waiting(assets, { overlap })
      const names = assetsIn(assets)
      const heard: string[] = []
      for (const is of steps) {
        play.now += 1_000
        if (names.includes(is)) {
          play.hear(is)
          heard.push(`${is}${heard.filter(one => one.startsWith(is)).length + 1}`)
        } else if (is === 'pause') play.give({ is, note: null, until: null, gone: false, command: play.command(), by: null })
        else if (is === 'resume') play.give({ is, command: play.command(), by: null })
        else if (is === 'answer') play.answerAll()
        else if (is === 'close' && play.open.size > 0) play.close()
        else if (is === 'wake') play.give({ is })
      }
      const given = play.triggers.flatMap(said => said.split(' ').filter(one => one !== ''))
      const left = Object.entries(play.state?.assets ?? {}).flatMap(([name, { events }]) => events.map(({ n }) => `${name}${n}`))
      for (const name of names) {
        const of = (list: string[]) => list.filter(one => one.startsWith(name))
        expect([...of(given), ...of(left)]).toEqual(of(heard))
      }
      // Whatever holds by now waits for a run that is open, or for the end of a pause.
      const isNew = (name: string) => play.state?.assets?.[name]?.isNew === true
      const mayFire = play.state?.paused === null && (overlap === 'allow' || play.open.size + play.asked.size === 0)
      if (mayFire) expect(holds(assets, isNew)).toBe(false)
    }),
  )
})
