import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { job, RequestRefused } from '@mainspring/sdk'
import { startWorker } from '@mainspring/sdk/worker'
import { afterAll, describe, expect, test } from 'vitest'
import { examinePostgres } from '../../src/store/postgres/doctor/doctor.ts'
import { installedPostgres, OwnPostgres } from '../support/own-postgres.ts'
import { ask, ledger } from './support/ledger.ts'
import { type Server, Stage, until } from './support/processes.ts'
import { quiet } from './support/quiet.ts'

const SPEC = { cron: '* * * * * *', target: 'pay', input: { wait: false }, overlap: 'allow', catchup: 'all' }
const UNDER_WAY = 10

const stage = new Stage()
/** pg_dump refuses a server that is newer than itself, so the server is the one that lies beside it. */
const installed = installedPostgres()
let postgres: OwnPostgres
afterAll(async () => {
  await stage.end()
  await postgres?.end()
})

const urlOf = (database: string) => postgres.url.replace(/[^/]*$/, database)
function tool(program: string, ...given: string[]): void {
  const { status, stderr } = spawnSync(join(installed as string, 'bin', program), given, { encoding: 'utf8' })
  expect(stderr, program).toBe('')
  expect(status).toBe(0)
}

/** Somebody else's system, which is not restored: it honours `taskKey`. */
class Bank {
  readonly payments = new Map<string, string>()
  readonly repeated: string[] = []
  private open = Promise.withResolvers<void>()
  readonly pay = job('pay', { retry: { attempts: 5 } }, async ({ wait }: { wait: boolean }, ctx) => {
    if (wait) await this.open.promise
    if (this.payments.has(ctx.taskKey)) this.repeated.push(ctx.run)
    else this.payments.set(ctx.taskKey, ctx.run)
  })

  release(): void {
    this.open.resolve()
  }
}

describe(`last night's dump${installed === null ? ' (no PostgreSQL is installed with its pg_dump)' : ''}`, { skip: installed === null }, () => {
  test('goes on from where it was: no effect is doubled where taskKey is honoured, each second of a schedule is accounted for, and what came later is unknown', {
    timeout: 170_000,
  }, async () => {
    const bank = new Bank()
    postgres = (await OwnPostgres.make({ installed: installed as string })) as OwnPostgres
    await postgres.query('create database before')
    const server = await stage.server({ database: urlOf('before'), lease: '2s' })
    const client = server.client()
    const first = startWorker({ jobs: [bank.pay], client, slots: 50, log: () => {} })
    await first.ready
    await ask(server, 'PUT', 'schedules/every-second', SPEC)
    const closed = await client.startMany(
      bank.pay,
      Array.from({ length: 50 }, () => ({ input: { wait: false } })),
    )
    await Promise.all(closed.map(run => run.result()))
    const underWay = await client.startMany(
      bank.pay,
      Array.from({ length: UNDER_WAY }, () => ({ input: { wait: true } })),
    )
    const later = await client.start(bank.pay, { wait: false }, { delay: '20s' })
    await until('they are under way', async () => (await client.runs.list({ state: 'running', limit: 100 })).runs.length >= UNDER_WAY)
    let more = true
    const starting = (async () => {
      while (more) await client.start(bank.pay, { wait: false })
    })()

    const dump = stage.file('last-night.dump')
    tool('pg_dump', '--format=custom', `--file=${dump}`, urlOf('before'))
    more = false
    await starting
    bank.release()
    await Promise.all(underWay.map(run => run.result()))
    const lost = await client.start(bank.pay, { wait: false }, { key: 'order-17' })
    await lost.result()
    await first.drain(5_000)
    await server.kill('SIGKILL')
    expect(bank.repeated).toEqual([])

    await postgres.query('create database after')
    tool('pg_restore', '--exit-on-error', `--dbname=${urlOf('after')}`, dump)
    const { findings } = await examinePostgres({ url: urlOf('after') })
    expect(findings.filter(({ where }) => where.includes('mainspring'))).toEqual([])
    const restored: Server = await stage.server({ database: urlOf('after'), lease: '2s' })
    const again = restored.client()
    const second = startWorker({ jobs: [bank.pay], client: again, slots: 50, log: () => {} })
    await second.ready

    for (const { id } of [...closed, ...underWay, later])
      await until('all that was acknowledged before it ends', async () => (await again.handle(id).get()).state === 'completed', 100)
    expect(
      underWay.filter(({ id }) => !bank.repeated.includes(id)),
      'what was under way was delivered again',
    ).toEqual([])
    const paid = (id: string) => [...bank.payments.values()].filter(run => run === id).length
    for (const { id } of [...closed, ...underWay, later]) expect(paid(id), 'one effect each').toBe(1)

    await expect(again.handle(lost.id).get(), 'nothing is known of what came later').rejects.toBeInstanceOf(RequestRefused)
    const repeated = await again.start(bank.pay, { wait: false }, { key: 'order-17' })
    await repeated.result()
    expect(repeated.id, 'so a repeated call starts it anew').not.toBe(lost.id)

    await ask(restored, 'POST', 'schedules/every-second/pause', {})
    await quiet(again)
    const lines = (await ledger(restored, 'every-second')).filter(({ source }) => source === 'time').sort((a, b) => a.n - b.n)
    const at = lines.map(line => Date.parse(line.at))
    expect(at).toEqual(at.map((_, second) => (at[0] as number) + second * 1_000))
    expect(new Set(lines.map(({ run }) => run)).size, 'each has a run of its own').toBe(lines.length)
    await second.drain(5_000)
  })
})
