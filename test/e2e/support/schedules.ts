import type { WireSchedule } from '@mainspring/sdk'
import { expect } from 'vitest'
import type { Console } from './console.ts'

/** Schedules of a test, by the API: made beside the page that shows them. */
export class Schedules {
  readonly #console: Console

  constructor(console: Console) {
    this.#console = console
  }

  /** Starts `quick` unless it says otherwise. */
  async put(name: string, spec: Record<string, unknown>): Promise<void> {
    expect(await (await this.#call('PUT', name, { target: 'quick', ...spec })).json()).toMatchObject({ schedule: { name } })
  }

  async change(name: string, fields: Record<string, unknown>): Promise<void> {
    expect((await this.#call('PATCH', name, fields)).status).toBe(200)
  }

  async get(name: string): Promise<WireSchedule> {
    return (await this.#call('GET', name)).json() as Promise<WireSchedule>
  }

  async isThere(name: string): Promise<boolean> {
    return (await this.#call('GET', name)).status !== 404
  }

  async remove(name: string): Promise<void> {
    expect((await this.#call('DELETE', name)).status).toBe(200)
  }

  #call(method: string, name: string, body?: unknown): Promise<Response> {
    const address = `${this.#console.place.url}/v1/namespaces/default/schedules/${name}`
    return fetch(address, { method, ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }) })
  }
}
