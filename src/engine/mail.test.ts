import { expect, test } from 'vitest'
import { newId } from '../core/ids.ts'
import type { Message } from '../core/machine.ts'
import { seeded } from '../core/seeded.ts'
import type { Actor } from './actor.ts'
import { type Office, post } from './mail.ts'
import type { Transaction } from './work.ts'

const random = seeded(1)
const [SENDER, RECEIVER, PARENT] = [1, 2, 3].map(() => newId(1_000, random)) as [string, string, string]

/** What becomes of a message to a receiver, of which these are in memory. */
function told(message: Pick<Message & { is: 'tell' }, 'kept'>, parents: Readonly<Record<string, string | null>>) {
  const done: string[] = []
  const actor = (id: string): Actor | null => (id in parents ? ({ id, parent: parents[id], closed: false, machine: {} } as unknown as Actor) : null)
  const transaction = {
    isHere: () => true,
    actor,
    apply: ({ id }: Actor) => done.push(id === RECEIVER ? 'applied' : 'applied elsewhere'),
    send: () => done.push('sent'),
  } as unknown as Transaction
  const office = { submit: () => done.push('work of its own') } as unknown as Office
  const sender = { id: SENDER, namespace: 'default', kind: 'timeline', parent: null } as unknown as Actor
  post(sender, { events: [], messages: [{ is: 'tell', to: RECEIVER, input: { is: 'x' }, ...message }] }, transaction, office)
  return done
}

test.each<[string, Parameters<typeof told>, string]>([
  ['one that is at hand takes it in the same batch', [{}, { [RECEIVER]: null }], 'applied'],
  ['so does one whose parent is', [{}, { [RECEIVER]: PARENT, [PARENT]: null }], 'applied'],
  ['a child of the sender does, whoever is at hand', [{}, { [RECEIVER]: SENDER }], 'applied'],
  ['one whose parent is not, and would not hear of its end, takes it in a work of its own', [{}, { [RECEIVER]: PARENT }], 'work of its own'],
  ['so does one that is not', [{}, {}], 'work of its own'],
  ['what is said once goes to that one as a letter', [{ kept: true }, {}], 'sent'],
  ['and to one whose parent is not at hand', [{ kept: true }, { [RECEIVER]: PARENT }], 'sent'],
  ['but not where it is taken at once', [{ kept: true }, { [RECEIVER]: null }], 'applied'],
])('%s', (_, given, becomes) => expect(told(...given)).toEqual([becomes]))
