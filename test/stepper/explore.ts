import type { Client } from 'pg'
import { seeded } from '../../src/core/seeded.ts'
import type { StepProxy } from './proxy.ts'

/** One of those whose steps are interleaved: a program over a store whose connections lead through a proxy, or something that happens all at once. */
export type Actor =
  | { name: string; proxy: StepProxy; fine?: boolean; program: () => Promise<void> }
  /** `may`: only while this holds. */
  | { name: string; may: () => boolean; happens: () => Promise<void> }

/** A step that was taken: whose, and which statements it was. */
export interface Taken {
  by: string
  what: string
}

interface Running {
  readonly actor: Actor
  done: boolean
  failure?: unknown
}

type End = (taken: readonly Taken[]) => Promise<boolean>

/** Runs a scenario in so many orders that are drawn, the same ones each time, until `end` says that it is enough. */
export async function draw(count: number, observer: Client, begin: () => Promise<Actor[]>, end: End): Promise<number> {
  const random = seeded(count)
  for (let orders = 1; ; orders++) {
    const taken = await inOneOrder(observer, await begin(), of => Math.floor(random() * of))
    if (!(await end(taken)) || orders === count) return orders
  }
}

/**
 * Runs a scenario in every order of its actors' steps that the database allows: depth first, each order from the beginning, until `end` says that it is enough.
 * Who waits for another's lock has no step to take before that one has let go. Answers how many orders there were.
 */
export async function explore(observer: Client, begin: () => Promise<Actor[]>, end: End): Promise<number> {
  let path: number[] = []
  for (let orders = 1; ; orders++) {
    const choices: { chosen: number; of: number }[] = []
    const taken = await inOneOrder(observer, await begin(), of => {
      // A process that was slow may have fewer to choose from than the time before.
      const chosen = Math.min(path[choices.length] ?? 0, of - 1)
      choices.push({ chosen, of })
      return chosen
    })
    if (!(await end(taken))) return orders
    for (let last = choices.at(-1); last !== undefined && last.chosen + 1 === last.of; last = choices.at(-1)) choices.pop()
    if (choices.length === 0) return orders
    path = choices.map(({ chosen }, at) => (at === choices.length - 1 ? chosen + 1 : chosen))
  }
}

async function inOneOrder(observer: Client, actors: readonly Actor[], choose: (of: number) => number): Promise<Taken[]> {
  const taken: Taken[] = []
  const running = actors.map(begun)
  for (;;) {
    const ready = await readyOf(observer, running)
    for (const { failure } of running) if (failure !== undefined) throw failure
    if (ready.length === 0) return taken
    const one = ready[choose(ready.length)] as Running
    const { actor } = one
    taken.push({ by: actor.name, what: 'proxy' in actor ? (actor.proxy.next as string) : actor.name })
    if ('proxy' in actor) actor.proxy.step()
    else {
      await actor.happens()
      one.done = true
    }
  }
}

function begun(actor: Actor): Running {
  const one: Running = { actor, done: false }
  if (!('proxy' in actor)) return one
  const { proxy, program, fine = false } = actor
  proxy.stepping = true
  proxy.whole = false
  proxy.fine = fine
  program()
    .catch(error => {
      one.failure = error
    })
    .finally(() => {
      one.done = true
      proxy.stepping = false
      proxy.happened.emit('now')
    })
  return one
}

/** Those that can take a step, once everybody else waits for a lock of another, or has ended. */
async function readyOf(observer: Client, running: readonly Running[]): Promise<Running[]> {
  for (;;) {
    const ready: Running[] = []
    const busy: StepProxy[] = []
    let thinking: StepProxy | null = null
    for (const one of running) {
      if (one.done) continue
      if (!('proxy' in one.actor)) {
        if (one.actor.may()) ready.push(one)
      } else if (one.actor.proxy.busy !== null) busy.push(one.actor.proxy)
      else if (one.actor.proxy.next !== null) ready.push(one)
      else thinking = one.actor.proxy
    }
    if (thinking !== null) await heard([thinking])
    else if (busy.length === 0) return ready
    else if (ready.length === 0) await heard(busy)
    else if (!(await heard(busy, SOON_MS)) && (await allWait(observer, busy))) return ready
  }
}

/** Most steps are answered within it, and then the database need not be asked whether they wait. */
const SOON_MS = 5

/** Something came; or, where so much time is given, nothing did. */
function heard(from: readonly StepProxy[], ms?: number): Promise<boolean> {
  return new Promise(resolve => {
    const end = (is: boolean): void => {
      clearTimeout(timer)
      for (const { happened } of from) happened.off('now', come)
      resolve(is)
    }
    const come = (): void => end(true)
    const timer = ms === undefined ? undefined : setTimeout(() => end(false), ms)
    for (const { happened } of from) happened.on('now', come)
  })
}

async function allWait(observer: Client, busy: readonly StepProxy[]): Promise<boolean> {
  const { rows } = await observer.query<{ waits: boolean }>('select cardinality(pg_blocking_pids(pid)) > 0 as waits from unnest($1::int[]) pid', [
    busy.map(proxy => proxy.busy),
  ])
  return rows.every(({ waits }) => waits)
}
