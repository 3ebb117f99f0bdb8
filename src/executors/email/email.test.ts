import { afterEach, expect, test } from 'vitest'
import type { NotificationInput, Recipient } from '../notification.ts'
import { testContext } from '../test-context.ts'
import { emailJob } from './index.ts'
import { mailServer } from './test-server.ts'

const servers: { close(): unknown }[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

const INPUT: NotificationInput = {
  event: 'deadline',
  run: '01k7x9v2q7n3mfd8r2t5w1z6ab',
  definition: 'sales',
  at: '2026-03-01T09:00:00.000Z',
  state: 'running',
  deadline: { from: 'started', withinMs: 7_200_000, at: '2026-03-01T09:00:00.000Z' },
  notification: 1,
}
const TO: Recipient = { email: ['ana@example.org', 'bo@example.org'] }

/** Closed after the test. */
async function served(answers?: Record<string, string>) {
  const server = await mailServer(answers)
  servers.push(server)
  return server
}

function send(smtp: string, to: Recipient | null = TO, from?: string) {
  const email = emailJob({ smtp, recipientOf: () => to, console: () => undefined, ...(from !== undefined && { from }) })
  return email.handler(INPUT, testContext({ run: 'told-run' })) as Promise<never>
}

test('an e-mail says what happened, to all of its recipients, under an id that is the same in each attempt', async () => {
  const { said, smtp } = await served()
  expect(await send(smtp)).toEqual({ accepted: 2 })
  expect(said.filter(line => /^(MAIL|RCPT)/.test(line))).toEqual([
    expect.stringMatching(/^MAIL FROM:<mainspring@127.0.0.1>/),
    expect.stringMatching(/^RCPT TO:<ana@example.org>/),
    expect.stringMatching(/^RCPT TO:<bo@example.org>/),
  ])
  expect(said).toEqual(
    expect.arrayContaining([
      'Subject: sales 1z6ab has missed its deadline',
      'Message-ID: <told-run@mainspring>',
      'Auto-Submitted: auto-generated',
      'deadline: 2026-03-01T09:00:00.000Z (from started)',
      'see it: mainspring explain 1z6ab',
    ]),
  )
})

test('its sender is the one that is configured', async () => {
  const { said, smtp } = await served()
  await send(smtp, TO, 'Jobs <jobs@example.org>')
  expect(said).toEqual(expect.arrayContaining(['From: Jobs <jobs@example.org>', expect.stringMatching(/^MAIL FROM:<jobs@example.org>/)]))
})

// RFC 5321, 4.2.1: 4yz is transient, 5yz permanent.
test.each([
  ['451 come again', 'email-not-sent', true],
  ['550 no such person', 'email-refused', false],
])('a server that answers %s: %s', async (answer, code, again) => {
  const { smtp } = await served({ RCPT: answer })
  const error = await send(smtp).catch((error: Error & { code: string }) => error)
  expect([error.code, error.name !== 'Abort']).toEqual([code, again])
  expect(error.message).toContain(answer)
})

test('a server that is not there is tried again', async () => {
  expect(await send('smtp://127.0.0.1:1').catch(error => error.code)).toBe('email-not-sent')
})

test('an address that the definition has no longer fails it for good', async () => {
  expect(await send('smtp://127.0.0.1:1', null).catch(error => [error.name, error.code])).toEqual(['Abort', 'email-gone'])
})
