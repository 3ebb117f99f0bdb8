/** What a notification tells (src/engine/notifications.ts). */
export interface NotificationInput {
  event: string
  run: string
  definition: string
  at: string
  state?: string
  reason?: string | null
  failure?: { type: string; message: string } | null
  attempt?: number
  tags?: Readonly<Record<string, string>> | null
  /** Of a DAG: those that failed, 20 at most. */
  tasks?: readonly string[]
  /** Of an attempt that is tried again. */
  retryAt?: string
  deadline?: { from: string; withinMs: number; at: string }
  /** Its number among the definition's `notify`; absent: `onFailure`. */
  notification?: number
  [fact: string]: unknown
}

export type Recipient = { url: string; secret?: string } | { slack: string } | { email: readonly string[] }

/** Whom the definition tells of this now; null: nobody any more. */
export type RecipientOf = (input: NotificationInput) => Recipient | null

const HAPPENED: Readonly<Record<string, string>> = {
  retrying: 'failed and is tried again',
  parked: 'is parked: it waits for a person',
  recovered: 'has recovered',
  deadline: 'has missed its deadline',
}
const SHOWN_LENGTH_MAX = 1_000

/** For people: what happened in a line, and what they ask next. `console`: where pages begin, if it is known. */
export function notificationText(input: NotificationInput, console: string | undefined): { headline: string; facts: string[] } {
  const { event, run, definition, at, state, reason, failure, attempt, tags, tasks, retryAt, deadline } = input
  const happened = state === 'timed_out' ? 'timed out' : (HAPPENED[event] ?? event)
  const short = run.slice(-5)
  const facts = [
    failure ? `${failure.type}: ${failure.message}`.slice(0, SHOWN_LENGTH_MAX) : null,
    reason ? `reason: ${reason}` : null,
    tasks ? `failed tasks: ${tasks.join(', ')}` : null,
    attempt !== undefined && (event === 'failed' || event === 'retrying') ? `attempt: ${attempt}` : null,
    retryAt ? `tried again: ${retryAt}` : null,
    deadline ? `deadline: ${deadline.at} (from ${deadline.from})` : null,
    `at: ${at}`,
    ...Object.entries(tags ?? {}).map(([name, value]) => `${name}: ${value}`),
    console === undefined ? `see it: mainspring explain ${short}` : `see it: ${console}/runs/${run}`,
  ]
  return { headline: `${definition} ${short} ${happened}`, facts: facts.filter(fact => fact !== null) }
}
