import { UserError } from '../core/errors.ts'
import type { Call, Method } from './methods.ts'
import type { Router } from './router.ts'
import { Unanswered, unavailable } from './way.ts'

export interface Split<M extends Method, A> {
  count: number
  method: M
  /** Where each item belongs, as far as is known now. */
  slots(): readonly number[]
  /** The call for these items alone. */
  args(items: readonly number[]): Call<M>['args']
  /** Of these items, in their order. */
  answers(answer: Call<M>['answer'], items: readonly number[]): readonly A[]
  /** What becomes of the items of a part that was refused while others were not; null: the whole fails. */
  refused?(error: UserError): A | null
}

/** A call in parts: each node gets its items, and the answers are in the order of all. It fails when one part does; the whole may be repeated. */
export async function split<M extends Method, A>(
  router: Router,
  { count, method, slots, args, answers, refused = () => null }: Split<M, A>,
): Promise<A[]> {
  const found: A[] = new Array(count)
  let open = Array.from({ length: count }, (_, index) => index)
  let answered = 0
  let refusal: UserError | undefined
  const round = async (): Promise<void> => {
    const slot = slots()
    const parts = [...Map.groupBy(open, item => router.slot(slot[item] as number)()?.id ?? null).values()]
    const again: number[] = []
    let failed: unknown
    await Promise.all(
      parts.map(async items => {
        try {
          const answer = await router.once(router.slot(slot[items[0] as number] as number), method, args(items))
          const told = answers(answer, items)
          for (let at = 0; at < items.length; at++) found[items[at] as number] = told[at] as A
          answered++
        } catch (error) {
          const told = error instanceof UserError ? refused(error) : null
          if (told !== null) {
            refusal ??= error as UserError
            for (const item of items) found[item] = told
            return
          }
          again.push(...items)
          // What is an answer goes before what is none.
          if (failed === undefined || router.mayChange(failed)) failed = error
        }
      }),
    )
    open = again.sort((a, b) => a - b)
    if (open.length > 0) throw failed instanceof Unanswered ? unavailable() : failed
  }
  await router.held(round)
  if (answered === 0 && refusal !== undefined) throw refusal
  return found
}
