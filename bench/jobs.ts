import { job } from '@mainspring/sdk'

/** 108 bytes of input,. */
export const INPUT = { user: 'u-1234567', url: 'https://example.org/pictures/2026/03/01/7f3a9c.jpg', width: 640, height: 480 }

export const noop = job('noop', { queue: 'drain' }, (_: typeof INPUT) => 'done')

/** Milliseconds since the epoch with fractions: the same scale in every process of one machine. */
export const preciseNow = (): number => performance.timeOrigin + performance.now()

/** From the call of `start` to the first line of the handler. */
export const latencies: number[] = []
export const stamped = job('stamped', ({ sentAt }: { sentAt: number }) => {
  latencies.push(preciseNow() - sentAt)
})
