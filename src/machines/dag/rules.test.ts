import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { doneOf, judge, noCounts, type TaskEnding, type Waited } from './rules.ts'
import type { TriggerRule } from './spec.ts'

/** table, rule, upstream, setups further up, result, stuck: the first line of the file tells more. */
type Fact = [string, TriggerRule, string, string, string, 0 | 1]
const FACTS = readFileSync(new URL('./testdata/trigger-rules.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map(line => JSON.parse(line) as Fact)
const ENDED: Record<string, TaskEnding> = { s: 'success', f: 'failed', k: 'skipped', u: 'upstream_failed', r: 'removed' }

function waited(letters: string): Waited {
  const counts = noCounts()
  for (const letter of letters.toLowerCase()) if (ENDED[letter] !== undefined) counts[ENDED[letter]]++
  return { counts, total: letters.length }
}

test.each([...Map.groupBy(FACTS, ([table, rule]) => `${table} ${rule}`)])('as Airflow decides: %s', (_, facts) => {
  const judged = facts.map(([table, rule, upstream, indirect, , stuck]): Fact => {
    const before = { ...waited(upstream), setups: waited(upstream.replaceAll(/[a-z]/g, '')), indirect: waited(indirect) }
    const result = judge(rule, before)
    const isOver = doneOf(before.counts) === before.total && doneOf(before.indirect.counts) === before.indirect.total
    return [table, rule, upstream, indirect, result, stuck === 1 && result === 'wait' && isOver ? 1 : 0]
  })
  expect(judged).toEqual(facts)
})

test('all facts are there', () => expect(FACTS.length).toBe(4_346))
