/** A job queue that Mainspring is compared with, at the best settings that its documentation gives. */
export interface Peer {
  /** So many jobs in one call, durable when it resolves. */
  start(count: number): Promise<void>
  /** One job, as a caller starts it who has no more. */
  startOne(payload: object): Promise<void>
  /** Hands every job to `handle` until the process ends. */
  work(handle: (payload: { sentAt?: number }) => void): Promise<void>
  /** Jobs that are not done yet, as the store has them. */
  left(): Promise<number>
  close(): Promise<void>
}

/** 108 bytes, as in ../jobs.ts. */
export const INPUT = { user: 'u-1234567', url: 'https://example.org/pictures/2026/03/01/7f3a9c.jpg', width: 640, height: 480 }
