/**
 * The first job of the README: sends a welcome mail. Here it is written to a file, so that nobody needs a mail server.
 *
 *     mainspring start welcome '{"email":"you@example.org"}' --follow
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { job } from '@mainspring/sdk'
import { z } from 'zod'
import { OUTPUT } from './support/output.ts'

export const welcome = job('welcome', { input: z.object({ email: z.email() }), retry: { attempts: 5 } }, async ({ email }, ctx) => {
  ctx.log.info('sending', { email })
  const outbox = join(OUTPUT, 'outbox')
  await mkdir(outbox, { recursive: true })
  // The same name in each attempt: a second one writes the same mail again instead of another. Give `ctx.taskKey` to a mail service for the same reason.
  await writeFile(join(outbox, `${ctx.taskKey.replace('/', '-')}.eml`), `To: ${email}\nSubject: Welcome\n\nGood to have you here.\n`)
  return { sent: true }
})

export const examples = { welcome: { email: 'you@example.org' } }
