import { AsyncLocalStorage } from 'node:async_hooks'
import { type Client, connect } from './client.ts'

/** The client that `job.start` goes through: the worker's inside a handler, else the default one. */
export function currentClient(): Client {
  return inside.getStore() ?? defaultClient()
}

/** Runs `call`, and all that it awaits, with this client as the current one. */
export function withClient<Result>(client: Client, call: () => Result): Result {
  return inside.run(client, call)
}

/**
 * Replaces the client that `job.start` goes through outside of handlers; null goes back to the one from the environment
 * (`MAINSPRING_URL`, `MAINSPRING_API_KEY`, `MAINSPRING_NAMESPACE`). Answers the one before.
 */
export function setDefaultClient(client: Client | null): Client | null {
  const before = chosen
  chosen = client
  return before
}

const inside = new AsyncLocalStorage<Client>()
let chosen: Client | null = null
let fromEnvironment: Client | null = null

function defaultClient(): Client {
  if (chosen) return chosen
  fromEnvironment ??= connect()
  return fromEnvironment
}
