import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { decode, encode } from '../../codec.ts'
import { CancelRequested, RequestRefused } from '../../errors.ts'
import { errorOf, failureOf } from '../../failure.ts'
import { RateLimited, Snooze } from '../../snooze.ts'
import type { Connection, WireResult } from '../../wire.ts'
import type { Attempt } from '../attempt.ts'
import { crashOf, oomKillsSoFar } from './crash.ts'
import type { ChildFacts, FromChild, ToChild } from './messages.ts'
import { withVerdict } from './verdict.ts'

/**
 * A process for handlers, one attempt at a time.
 *
 * ```text
 * idle      no attempt                                                                     ← it has ended
 * busy      an attempt runs; what its handler says comes as messages                       ← run()
 * stopping  asked to end: SIGTERM, and SIGKILL after the grace          ← its time is up, its lease is lost, a cancel was ignored for the grace, end()
 * gone      the process has ended, whoever ended it; an attempt that it had has failed
 * ```
 */
export class Child {
  readonly memoryMb: number | null
  #process: ChildProcess
  #attempts = 0
  #busy: Busy | null = null
  #stopping = false
  /** Its process has; `#gone` once its last words are here too. */
  #exited = false
  #gone = false
  #stderr = ''
  #timers: NodeJS.Timeout[] = []
  readonly #onGone: () => void

  constructor(memoryMb: number | null, onGone: () => void) {
    this.memoryMb = memoryMb
    this.#onGone = onGone
    // This file runs as source in development and as JavaScript when built: the program beside it has the same ending.
    const file = new URL(import.meta.url.endsWith('.ts') ? './program.ts' : './program.js', import.meta.url)
    this.#process = fork(fileURLToPath(file), [], {
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      execArgv: [...process.execArgv.filter(flag => !OURS_ALONE.test(flag)), ...(memoryMb === null ? [] : [`--max-old-space-size=${memoryMb}`])],
    })
    this.#process.stderr?.on('data', (chunk: Buffer) => {
      process.stderr.write(chunk)
      this.#stderr = (this.#stderr + chunk).slice(-STDERR_KEPT)
    })
    this.#process.on('message', (message: FromChild) => this.#heard(message))
    this.#process.on('error', error => this.#ended(null, null, error))
    this.#process.once('exit', (code, signal) => {
      this.#exited = true
      // Its last words may be on their way still; whoever it has started may keep the pipe open for ever.
      const ended = (): void => this.#ended(code, signal)
      this.#process.once('close', ended)
      this.#timers.push(setTimeout(ended, LAST_WORDS_MS))
    })
    this.#idle()
  }

  get usable(): boolean {
    return !this.#exited && !this.#gone && !this.#stopping
  }

  /** Resolves with what the handler returned; rejects with what it threw, with how its process ended, or with the reason why it was ended. */
  run(attempt: Attempt, file: string, connection: Connection, namespace: string): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const task = { file, namespace, worker: attempt.worker, facts: factsOf(attempt), ...payloadsOf(attempt) }
    const busy: Busy = { n: ++this.#attempts, attempt, connection, oomKills: oomKillsSoFar(), resolve, reject, free: () => {} }
    const { signal } = attempt
    const aborted = (): void => {
      this.#send({ is: 'abort', n: busy.n, code: (signal.reason as { code?: string }).code ?? '' })
      if (signal.reason instanceof CancelRequested) this.#timers.push(setTimeout(() => this.#busy === busy && this.end(), CANCEL_GRACE_MS))
      else this.end()
    }
    busy.free = () => signal.removeEventListener('abort', aborted)
    this.#busy = busy
    this.#stderr = ''
    this.#process.ref()
    this.#process.channel?.ref()
    this.#send({ is: 'run', n: busy.n, ...task })
    if (signal.aborted) aborted()
    else signal.addEventListener('abort', aborted, { once: true })
    return promise
  }

  /** SIGTERM, and SIGKILL after the grace: a busy loop whose program has a listener for the one never hears of it. */
  end(): void {
    if (this.#gone || this.#stopping) return
    this.#stopping = true
    this.#process.kill('SIGTERM')
    const killed = setTimeout(() => this.#process.kill('SIGKILL'), KILL_GRACE_MS)
    killed.unref()
    this.#timers.push(killed)
  }

  #heard(message: FromChild): void {
    const busy = this.#busy
    if (message.is === 'call') {
      const { id, operation, call } = message
      if (busy === null) return
      busy.connection.call(operation, call).then(
        text => this.#send({ is: 'answer', id, text }),
        error => this.#send(refusal(id, error)),
      )
      return
    }
    if (busy === null || message.n !== busy.n) return
    const { attempt } = busy
    switch (message.is) {
      case 'log':
        attempt.log[message.level](message.message, message.fields === undefined ? undefined : (decode(message.fields) as Record<string, unknown>))
        return
      case 'progress':
        attempt.progress(message.value, message.message)
        return
      case 'alive':
        attempt.heartbeat()
        return
      case 'checkpoint': {
        const { id, text } = message
        attempt.checkpoint.save(decode(text)).then(
          () => this.#send({ is: 'answer', id, text: '' }),
          error => this.#send(refusal(id, error)),
        )
        return
      }
      case 'ended':
        this.#free()
        settle(busy, message.result)
    }
  }

  #ended(code: number | null, signal: NodeJS.Signals | null, error?: Error): void {
    if (this.#gone) return
    this.#gone = true
    const busy = this.#busy
    this.#free()
    this.#onGone()
    if (busy === null) return
    const { attempt } = busy
    const now = oomKillsSoFar()
    const oomKills = now === null || busy.oomKills === null ? null : now - busy.oomKills
    if (this.#stopping && attempt.stopReason !== null) busy.reject(attempt.stopReason)
    else busy.reject(error ?? crashOf({ code, signal, stderr: this.#stderr, memoryMb: this.memoryMb, oomKills }))
  }

  #free(): void {
    this.#busy?.free()
    this.#busy = null
    for (const timer of this.#timers.splice(0)) if (!this.#stopping || this.#gone) clearTimeout(timer)
    this.#idle()
  }

  /** It keeps no process alive while it has nothing to do. */
  #idle(): void {
    this.#process.unref()
    this.#process.channel?.unref()
    ;(this.#process.stderr as unknown as { unref?: () => void } | null)?.unref?.()
  }

  #send(message: ToChild): void {
    if (this.#process.connected) this.#process.send(message, () => {}) // if it is gone by now, its end says so
  }
}

interface Busy {
  n: number
  attempt: Attempt
  connection: Connection
  oomKills: number | null
  resolve: (output: unknown) => void
  reject: (error: unknown) => void
  /** It listens no more. */
  free: () => void
}

/** A handler that was asked to stop may end by itself for so long. */
const CANCEL_GRACE_MS = 5_000
const KILL_GRACE_MS = 5_000
const LAST_WORDS_MS = 500
const STDERR_KEPT = 8 * 1024
/** Flags of this process that another must not have too: a port to debug on, a script of its own. */
const OURS_ALONE = /^(--inspect|--max-old-space-size|--eval|-e$|--print|-p$|--input-type|--test|--watch)/

function factsOf(attempt: Attempt): ChildFacts {
  const { input: _, metadata: __, checkpoint: ___, timeoutMs, ...facts } = attempt.delivery
  return timeoutMs === undefined ? facts : { ...facts, timeoutMs: Math.max(0, attempt.begunAt + timeoutMs - attempt.monotonic()) }
}

function payloadsOf(attempt: Attempt): Partial<Record<'input' | 'metadata' | 'checkpoint', string>> {
  const texts: Partial<Record<'input' | 'metadata' | 'checkpoint', string>> = {}
  for (const name of ['input', 'metadata', 'checkpoint'] as const) {
    const text = encode(attempt.value(name), `/${name}`, Number.POSITIVE_INFINITY)
    if (text !== undefined) texts[name] = text
  }
  return texts
}

/** As if the handler had returned or thrown here. */
function settle({ attempt, resolve, reject }: Busy, text: string): void {
  const result = JSON.parse(text) as WireResult // without its ref
  switch (result.is) {
    case 'completed':
      attempt.assets = result.assets ?? null
      return resolve(result.output === undefined ? undefined : decode(JSON.stringify(result.output)))
    case 'snoozed':
      return reject(result.slow ? new RateLimited({ retryAfter: result.delayMs }) : new Snooze(result.delayMs))
    case 'failed': {
      const { failure, retry, delayMs } = result
      return reject(withVerdict(errorOf(failure), { ...(retry !== undefined && { retry }), ...(delayMs !== undefined && { delayMs }) }))
    }
    default:
      return reject(attempt.stopReason ?? new Error('the handler stopped by itself'))
  }
}

function refusal(id: number, error: unknown): ToChild {
  return error instanceof RequestRefused ? { is: 'refused', id, problem: error.problem } : { is: 'failed', id, failure: failureOf(error) }
}
