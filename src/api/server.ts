import { KEY_RETENTION_MS, RETENTION_MS_DEFAULT } from '../core/options.ts'
import type { Instant } from '../core/time.ts'
import { Namespaces, Server } from './answers.ts'
import { formatInstant } from './instants.ts'
import { type Operation, operation } from './operation.ts'

/** What a node says of itself: it is composed elsewhere, so it tells the API. */
export interface ServerFacts {
  version: string
  /** The version of Node.js. */
  node: string
  /** `sqlite`, `memory`. */
  store: string
  startedAt: Instant
  /** Built-in executors that run in it. */
  executors: readonly string[]
  /** Each setting with where it came from; secrets are masked. */
  configuration: Readonly<Record<string, { value: string | number | null; from: string }>>
}

export const UNKNOWN_SERVER: Omit<ServerFacts, 'startedAt'> = { version: '0.0.0', node: '', store: 'memory', executors: [], configuration: {} }

export const server: Operation[] = [
  operation({
    name: 'server.get',
    method: 'GET',
    path: '/v1/server',
    summary: 'What this server is, where it listens, and how it is configured',
    answers: { 200: Server },
    handle({ engine, context }) {
      const { bind, asksForKeys } = context.listening
      const { startedAt, ...facts } = context.facts
      return JSON.stringify({
        ...facts,
        bind,
        asksForKeys,
        ready: engine.ready(),
        fault: engine.fault(),
        startedAt: formatInstant(startedAt),
        now: formatInstant(context.now()),
        retention: { runsMs: RETENTION_MS_DEFAULT, keysMs: KEY_RETENTION_MS },
      })
    },
  }),
  operation({
    name: 'namespaces.list',
    method: 'GET',
    path: '/v1/namespaces',
    summary: 'List namespaces in which anything is registered, set, open or at work',
    answers: { 200: Namespaces },
    handle: async ({ engine }) => JSON.stringify({ namespaces: await engine.namespaces.list() }),
  }),
]
