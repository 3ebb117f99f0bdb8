import { Definitions, Empty } from './answers.ts'
import { definitionOf } from './inputs.ts'
import { type Operation, operation } from './operation.ts'
import { pauseOperations } from './queues.ts'
import { Register } from './schemas.ts'
import { definitionText } from './views.ts'

const DEFINITIONS = '/v1/namespaces/{namespace}/definitions'

const register = operation({
  name: 'definitions.register',
  method: 'POST',
  path: DEFINITIONS,
  summary: 'Register definitions; one that is registered already makes no new version',
  body: { schema: Register, raw: { definitions: [{ schema: 'raw' }] } },
  answers: { 200: Empty },
  async handle({ engine, params, body, payloads }) {
    const definitions = body.definitions.map((definition, index) => definitionOf(definition, payloads, `/definitions/${index}`))
    if (definitions.length > 0) await engine.definitions.register(params.namespace, definitions)
    return '{}'
  },
})

const list = operation({
  name: 'definitions.list',
  method: 'GET',
  path: DEFINITIONS,
  summary: 'List definitions, each with its newest version',
  answers: { 200: Definitions },
  handle: ({ engine, params }) => `{"definitions":[${engine.definitions.list(params.namespace).map(definitionText).join(',')}]}`,
})

export const definitions: Operation[] = [register, list, ...pauseOperations('definition', 'definitions', `${DEFINITIONS}/{name}`)]
