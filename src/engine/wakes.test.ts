import { expect, test, vi } from 'vitest'
import { openMemoryStore } from '../store/memory/store.ts'
import { settle, TestClock } from './test-clock.ts'
import { TestNode } from './test-engine.ts'
import { Timers } from './timers.ts'

test('an actor that wakes again and again is woken once each time, however long it lives', async () => {
  const entered = vi.spyOn(Timers.prototype, 'enter')
  const clock = new TestClock()
  const node = await TestNode.start(openMemoryStore({ now: () => clock.now() }), { mail: { retentionMs: 1_000 } }, { clock })
  const spec = {
    timetable: { cron: '* * * * * *' },
    target: { definition: 'mail', input: null, options: {} },
    overlap: 'allow' as const,
    catchup: { policy: 'all' as const, windowMs: 30_000 },
    jitterMs: 0,
  }
  const put = node.engine.schedules.put('default', 'tick', { spec, origin: { is: 'api' }, id: 'c1', by: null })
  await settle()
  await clock.advance(5)
  await put
  const eachSecond: number[] = []
  for (let second = 0; second < 60; second++) {
    entered.mockClear()
    await clock.advance(1_000)
    eachSecond.push(entered.mock.calls.length)
  }
  expect(eachSecond[59]).toBeLessThanOrEqual((eachSecond[5] as number) + 5)
  entered.mockRestore()
})
