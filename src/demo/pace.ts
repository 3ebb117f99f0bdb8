import { type Clock, currentClient, type JobContext } from '@mainspring/sdk'
import { seeded } from '../core/seeded.ts'

/** The clock of the worker that runs this handler: the day that has passed is played on a virtual one, what follows on the real one. */
function clock(): Clock {
  return currentClient().clock
}

export function now(): number {
  return clock().now()
}

/** Stands for work that takes so long; ends early, with the reason, when the attempt is asked to stop. */
export function work(ms: number, { signal }: Pick<JobContext, 'signal'>): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const stopped = (): void => {
      cancel()
      reject(signal.reason)
    }
    const cancel = clock().after(ms, () => {
      signal.removeEventListener('abort', stopped)
      resolve()
    })
    signal.addEventListener('abort', stopped, { once: true })
  })
}

/** Chance of one call of a handler, the same each time the day is played. A call after a snooze has the attempt of the one before, and another chance. */
export function chanceOf({ taskKey, attempt }: Pick<JobContext, 'taskKey' | 'attempt'>): Chance {
  return new Chance(seeded(hash(taskKey, attempt + Math.floor(now() / 1_000))))
}

/** Chance of a run: the same in all of its attempts. A retry of it is another run. */
export function fateOf({ taskKey }: Pick<JobContext, 'taskKey'>): Chance {
  return new Chance(seeded(hash(taskKey, 0)))
}

function hash(text: string, seed: number): number {
  let mixed = seed
  for (let index = 0; index < text.length; index++) mixed = (Math.imul(mixed, 31) + text.charCodeAt(index)) | 0
  return mixed
}

export class Chance {
  readonly random: () => number
  constructor(random: () => number) {
    this.random = random
  }
  /** True in so many of 1. */
  in(share: number): boolean {
    return this.random() < share
  }
  between(least: number, most: number): number {
    return least + this.random() * (most - least)
  }
  whole(least: number, most: number): number {
    return Math.floor(this.between(least, most + 1))
  }
  /** Mostly near the least, now and then much longer: how long services take. */
  tail(least: number, most: number): number {
    return least + (most - least) * this.random() ** 4
  }
  pick<Value>(values: readonly [Value, ...Value[]]): Value {
    return values[Math.floor(this.random() * values.length)] as Value
  }
}
