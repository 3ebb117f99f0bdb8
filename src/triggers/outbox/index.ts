/** Starts that are part of a user's own transaction: rows of an outbox table in the user's database, taken over by a relay (docs/outbox.md). */
export { type Relay, type RelayFigures, type RelayOptions, startRelay } from './relay.ts'
export { installOutbox, OUTBOX_SQL } from './table.ts'
