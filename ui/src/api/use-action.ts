import { type QueryKey, useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { newCallKey } from './client.ts'
import { ApiError, type Problem, problemOf } from './problem.ts'
import { type Toast, toast } from './toasts.ts'

export interface ActionOptions<Input, Answer> {
  /** What is told while it is under way and of its end: `Cancel run k8t1b`. */
  label: string | ((input: Input) => string)
  /** The call. `callKey` goes into the header `Idempotency-Key`: a repeat after a lost answer acts once. */
  call(input: Input, callKey: string): Promise<Answer>
  /** Told once it is done, from the answer: `run 3fk2a started`. Default: done. */
  done?: string | ((answer: Answer, input: Input) => string)
  /** For what the server only takes on: resolves with what is told when it has happened, or null when that is not known in time. */
  settled?: (answer: Answer, input: Input) => Promise<string | null>
  /** Queries read anew afterwards, by the beginning of their keys. */
  refresh?: readonly QueryKey[]
  onDone?: (answer: Answer, input: Input) => void
}

export interface Action<Input> {
  run(input: Input): void
  pending: boolean
  /** Why it was refused: shown where it was asked. */
  problem: Problem | null
  clear(): void
}

/** An action that tells the truth: asked, then done, or refused because. Nothing is shown as done before the server says so. */
export function useAction<Input, Answer>(options: ActionOptions<Input, Answer>): Action<Input> {
  const queries = useQueryClient()
  const [problem, setProblem] = useState<Problem | null>(null)
  const mutation = useMutation({
    mutationFn: async (input: Input) => {
      const label = typeof options.label === 'string' ? options.label : options.label(input)
      setProblem(null)
      const told = toast({ is: 'asked', text: label })
      try {
        const answer = await repeated(callKey => options.call(input, callKey))
        await Promise.all((options.refresh ?? []).map(queryKey => queries.invalidateQueries({ queryKey })))
        void tellEnd(told, label, answer, input)
        options.onDone?.(answer, input)
        return answer
      } catch (error) {
        const refusal = problemOf(error)
        setProblem(refusal)
        told.change({ is: 'refused', text: label, detail: refusal.title })
        throw error
      }
    },
  })
  const tellEnd = async (told: Toast, label: string, answer: Answer, input: Input): Promise<void> => {
    if (options.settled === undefined) {
      const done = typeof options.done === 'function' ? options.done(answer, input) : (options.done ?? 'done')
      return told.change({ is: 'done', text: label, detail: done })
    }
    told.change({ is: 'asked', text: label, detail: 'asked' })
    const end = await options.settled(answer, input)
    told.change(end === null ? { is: 'done', text: label, detail: 'asked; it has not happened yet' } : { is: 'done', text: label, detail: end })
  }
  return { run: input => mutation.mutate(input), pending: mutation.isPending, problem, clear: () => setProblem(null) }
}

/** Once more, with the same key, when the answer was lost on its way. */
async function repeated<Answer>(call: (callKey: string) => Promise<Answer>): Promise<Answer> {
  const callKey = newCallKey()
  try {
    return await call(callKey)
  } catch (error) {
    if (!(error instanceof ApiError) || error.problem.code !== 'unreachable') throw error
    await new Promise(resolve => setTimeout(resolve, 1_000))
    return call(callKey)
  }
}
