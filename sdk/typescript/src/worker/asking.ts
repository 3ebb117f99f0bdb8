import { waitMs } from '../calls.ts'
import type { Client } from '../client.ts'
import { delayed } from '../clock.ts'
import { RequestRefused } from '../errors.ts'
import type { WireAnswers, WireAsker, WireQuestion, WireQuestionAnswer, WireQuestions } from '../wire.ts'

/** A long poll of its own: a worker whose slots are all taken is asked, too. */
export class Asking {
  readonly #stop = new AbortController()

  constructor(client: Client, asker: Required<WireAsker>, answer: (question: WireQuestion) => Promise<WireQuestionAnswer>) {
    void this.#ask(client, asker, answer)
  }

  stop(): void {
    this.#stop.abort(new Error('the worker stops'))
  }

  async #ask(client: Client, asker: Required<WireAsker>, answer: (question: WireQuestion) => Promise<WireQuestionAnswer>): Promise<void> {
    const { signal } = this.#stop
    const { connection, namespace, clock, random } = client
    const call = { params: { namespace }, body: JSON.stringify(asker), waitMs: asker.wait, signal }
    for (let failures = 0; !signal.aborted; ) {
      try {
        const began = clock.monotonic()
        const { questions } = JSON.parse(await connection.call('tasks.questions', call)) as WireQuestions
        failures = 0
        for (const question of questions) void answer(question).then(said => this.#send(client, said))
        // A server that stops answers at once and with nothing.
        if (questions.length === 0 && clock.monotonic() - began < asker.wait / 2) await delayed(clock, IDLE_MS, signal).catch(() => {})
      } catch (error) {
        if (error instanceof RequestRefused && error.status === 404) return // one that asks nothing
        await delayed(clock, waitMs(error, failures++, random), signal).catch(() => {})
      }
    }
  }

  /** Once: whoever asked asks again. */
  async #send({ connection, namespace }: Client, answer: WireQuestionAnswer): Promise<void> {
    const body = JSON.stringify({ answers: [answer] } satisfies WireAnswers)
    await connection.call('tasks.answers', { params: { namespace }, body, signal: this.#stop.signal }).catch(() => {})
  }
}

const IDLE_MS = 250
