import { Abort } from '@mainspring/sdk'

/** What goes wrong at a shop, under the names that its libraries would give it. */
export class GatewayTimeout extends Error {
  override readonly name = 'GatewayTimeout'
  readonly code = 'ETIMEDOUT'
}
export class ChallengeExpired extends Error {
  override readonly name = 'ChallengeExpired'
}
export class WebhookFailed extends Error {
  override readonly name = 'WebhookFailed'
}
export class MailboxUnavailable extends Error {
  override readonly name = 'MailboxUnavailable'
}
export class ImageTooLarge extends Error {
  override readonly name = 'ImageTooLarge'
}
export class StockConflict extends Error {
  override readonly name = 'StockConflict'
}
export class RowRejected extends Error {
  override readonly name = 'RowRejected'
}
export class ExportFailed extends Error {
  override readonly name = 'ExportFailed'
}
export class NoSuchBucket extends Error {
  override readonly name = 'NoSuchBucket'
  readonly code = 'NoSuchBucket'
}
export class HttpError extends Error {
  override readonly name = 'HttpError'
}

/** An error that no further attempt would mend. */
export function gaveUp(error: Error): Abort {
  return new Abort(error.message, { cause: error })
}
