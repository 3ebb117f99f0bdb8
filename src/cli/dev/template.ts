import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What `mainspring dev` writes where there are no jobs yet: something to run, to kill, to change and to test. Answers the file. */
export function writeHello(folder: string): string {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'hello.ts')
  writeFileSync(file, HELLO, { flag: 'wx' })
  writeFileSync(join(folder, 'hello.test.ts'), HELLO_TEST)
  return file
}

const HELLO = `import { setTimeout as sleep } from 'node:timers/promises'
import { job, schedule, workflow } from '@mainspring/sdk'

export const greet = job('greet', { retry: { attempts: 3 } }, async (name: string, ctx) => {
  ctx.log.info(\`greeting \${name}\`)
  return \`Hello, \${name}\`
})

/** Three steps of two seconds each, and a job. Kill the worker in the second step (k): the first is not run again. */
export const hello = workflow('hello', async ({ name }: { name: string }, ctx) => {
  for (const step of ['one', 'two', 'three'])
    await ctx.run(step, async ({ signal }) => {
      ctx.log.info(\`step \${step} for \${name}\`)
      await sleep(2_000, undefined, { signal })
    })
  return ctx.call(greet, name)
})

export const goodMorning = schedule('good-morning', { cron: '0 9 * * *', timezone: 'Europe/Berlin' }, hello, { name: 'sleeper' })

/** What r in "mainspring dev" starts it with. */
export const examples = { hello: { name: 'Ada' } }
`

const HELLO_TEST = `import assert from 'node:assert/strict'
import { test } from 'node:test'
import { everyCrashPoint, testEnvironment } from 'mainspring/testing'
import { greet, hello } from './hello.ts'

const quick = () => 'done'
const steps = { one: quick, two: quick, three: quick }

// npx mainspring test
test('hello greets, wherever it crashes', async () => {
  await everyCrashPoint(hello, { name: 'Ada' }, { with: [greet], steps })
})

test('a month passes in milliseconds', async () => {
  await using _ = await testEnvironment([greet, hello], { steps })
  const run = await hello.start({ name: 'Ada' }, { delay: '30d' })
  assert.equal(await run.result(), 'Hello, Ada')
})
`
