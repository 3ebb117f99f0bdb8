import { describe, expect, test } from 'vitest'
import { newId } from '../core/ids.ts'
import type { Message } from '../core/machine.ts'
import { seeded } from '../core/seeded.ts'
import type { Actor } from './actor.ts'
import { Between } from './between.ts'
import { type Office, post } from './mail.ts'
import type { Transaction } from './work.ts'

const random = seeded(1)
const [SENDER, RECEIVER, PARENT] = [1, 2, 3].map(() => newId(1_000, random)) as [string, string, string]

/** What becomes of a message to a receiver, of which these are in memory. */
function told(message: Pick<Message & { is: 'tell' }, 'kept'>, parents: Readonly<Record<string, string | null>>, between = new Between()) {
  const done: string[] = []
  const actor = (id: string): Actor | null => (id in parents ? ({ id, parent: parents[id], closed: false, machine: {} } as unknown as Actor) : null)
  const transaction = {
    isHere: () => true,
    between,
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

describe('a letter that lies between two (E7)', () => {
  const atHand = { [RECEIVER]: null }

  test('is followed by letters until it is taken', () => {
    const between = new Between()
    for (const id of ['a', 'b']) between.sent({ id }, SENDER, RECEIVER)
    expect(told({}, atHand, between)).toEqual(['sent'])
    between.taken({ id: 'a' })
    expect(told({}, atHand, between)).toEqual(['sent'])
    between.taken({ id: 'b' })
    between.taken({ id: 'b' })
    expect(told({}, atHand, between)).toEqual(['applied'])
  })

  test('holds up nobody else', () => {
    const between = new Between()
    between.sent({ id: 'a' }, RECEIVER, SENDER)
    between.sent({ id: 'b' }, SENDER, PARENT)
    expect(told({}, atHand, between)).toEqual(['applied'])
  })

  test('may be from before this lane had both parts, until it is known that none is left', () => {
    const between = new Between()
    between.inherited = true
    expect(told({}, atHand, between)).toEqual(['sent'])
    between.inherited = false
    expect(told({}, atHand, between)).toEqual(['applied'])
  })
})
