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
import { type JobContext, job } from '@mainspring/sdk'

/** Three steps of two seconds each. Kill the worker in the second one (k): the first is not done again. */
export const hello = job('hello', async ({ name }: { name: string }, ctx: JobContext<number>) => {
  for (let step = (ctx.checkpoint.value ?? 0) + 1; step <= 3; step++) {
    ctx.log.info(\`step \${step} for \${name}\`)
    ctx.progress((step - 1) / 3, \`step \${step}\`)
    await sleep(2_000, undefined, { signal: ctx.signal })
    await ctx.checkpoint.save(step) // on disk when this resolves
  }
  return \`Hello, \${name}\`
})

/** What r in "mainspring dev" starts it with. */
export const examples = { hello: { name: 'Ada' } }
`

const HELLO_TEST = `import assert from 'node:assert/strict'
import { test } from 'node:test'
import { everyCrash } from 'mainspring/testing'
import { hello } from './hello.ts'

// npm install mainspring, then: node --test jobs/hello.test.ts
test('hello greets, whenever the node is killed', async () => {
  await everyCrash([hello], async () => {
    const run = await hello.start({ name: 'Ada' }, { delay: '30d' }) // a month passes in milliseconds
    assert.equal(await run.result(), 'Hello, Ada')
  })
})
`
