import type { Clock } from '../engine/clock.ts'
import type { Engine, QuestionAnswer, QuestionCalls } from '../engine/face.ts'
import { askWithin, type Way } from './way.ts'

const ANSWER_MS_MAX = 1_000

/** Workers ask whichever node they are connected to: this one, and the others, are asked for the one that has the run live, then for any that serves it. */
export function questionsOf(local: Engine, options: { way: Way; clock: Clock }): Pick<QuestionCalls, 'ask' | 'answer'> {
  const everywhere: QuestionCalls['ask'] = async (namespace, question, how, signal) => {
    const here = await local.tasks.ask(namespace, question, how, signal)
    const others = local.places.others()
    if (here !== null || others.length === 0 || signal?.aborted) return here
    const asked = others.map(node =>
      askWithin(how.waitMs, options, node, 'tasks.ask', [namespace, question, how]).then(
        answer => (answer ?? null) as QuestionAnswer | null, // nothing is no JSON
        () => null,
      ),
    )
    return firstOf(asked)
  }
  return {
    async ask(namespace, question, how, signal) {
      if (question.holder !== null && local.places.others().length > 0) {
        const live = await everywhere(namespace, question, { ...how, holderOnly: true }, signal)
        if (live !== null) return live
      }
      return everywhere(namespace, question, how, signal)
    },
    /** Through whichever node the worker reaches; whoever asked knows its own. */
    async answer(namespace, answers) {
      await local.tasks.answer(namespace, answers)
      await Promise.allSettled(local.places.others().map(node => askWithin(ANSWER_MS_MAX, options, node, 'tasks.answer', [namespace, answers])))
    },
  }
}

function firstOf(asked: readonly Promise<QuestionAnswer | null>[]): Promise<QuestionAnswer | null> {
  return new Promise(resolve => {
    let open = asked.length
    for (const one of asked)
      void one.then(answer => {
        if (answer !== null || --open === 0) resolve(answer)
      })
  })
}
