import { CreatedKey, Empty, Keys } from './answers.ts'
import { createKey, listKeys, removeKey } from './auth.ts'
import { type Operation, operation } from './operation.ts'
import { NewKey } from './schemas.ts'

export const keys: Operation[] = [
  operation({
    name: 'keys.create',
    method: 'POST',
    path: '/v1/keys',
    summary: 'Make an API key; it is shown in this answer and never again',
    body: { schema: NewKey },
    answers: { 201: CreatedKey },
    handle: async ({ engine, body, context }) => JSON.stringify(await createKey(engine, body.name, context.now())),
  }),
  operation({
    name: 'keys.list',
    method: 'GET',
    path: '/v1/keys',
    summary: 'List API keys by name',
    answers: { 200: Keys },
    handle: ({ engine }) => JSON.stringify({ keys: listKeys(engine) }),
  }),
  operation({
    name: 'keys.remove',
    method: 'DELETE',
    path: '/v1/keys/{name}',
    summary: 'Remove an API key; from then on it is refused',
    answers: { 200: Empty },
    async handle({ engine, params }) {
      await removeKey(engine, params.name)
      return '{}'
    },
  }),
]
