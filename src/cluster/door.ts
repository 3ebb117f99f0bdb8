import { UserError } from '../core/errors.ts'

/** An operation of the API as it came to a node: what is handed on is handed on whole (E22). */
export interface Asked {
  params: Record<string, string>
  query?: Record<string, string | string[] | undefined>
  /** JSON text. */
  body?: string
  callKey?: string
  /** Who asks, as the node that was asked found. */
  by?: string | null
  lastEventId?: string
  signal?: AbortSignal
}

export interface Answered {
  status: number
  body: string
  contentType?: string
  /** Seconds. */
  retryAfter?: number
}

/** One event of a stream, as the API frames it. */
export interface Frame {
  id: number | null
  text: string | null
  over?: boolean
}

/** Another node did not answer. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered'
  /** It may have arrived. False: it has not. */
  readonly sent: boolean
  readonly problem = new UserError('unavailable', {
    retryAfter: 1,
    hint: 'the node that serves this does not answer the one that was asked; the same call may be repeated',
  })
  constructor(sent: boolean) {
    super('another node did not answer')
    this.sent = sent
  }
}

/** Where operations are answered: by this node, or by another. */
export interface Door {
  /** Never rejects. */
  dispatch(operation: string, asked: Asked): Promise<Answered>
  /** Throws `UserError` at the first `next` where there is nothing to follow. */
  frames(stream: string, asked: Asked): AsyncGenerator<Frame, void, void>
}
