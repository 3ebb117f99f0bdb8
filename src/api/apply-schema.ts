import type { TSchema } from 'typebox'
import { DefinitionSettings, QueueSettings } from './apply-schemas.ts'
import { NamedDag } from './dag-schemas.ts'
import { LimitSettings } from './limit-schemas.ts'
import { ScheduleSpec } from './schedule-schemas.ts'

/**
 * JSON Schema (2020-12) of the YAML file that `mainspring apply -f` takes, for editors (`# yaml-language-server: $schema=…`). The file has maps by name where
 * the call has lists, else they are the same schemas, so that an editor refuses what the server does.
 */
export function applySchema(): object {
  const byName = (title: string, description: string, items: TSchema) => {
    const { name: _, ...properties } = plain(items).properties as Record<string, object>
    const required = ((plain(items).required as string[] | undefined) ?? []).filter(field => field !== 'name')
    return {
      title,
      description,
      type: 'object',
      additionalProperties: {
        anyOf: [{ type: 'object', properties, required, additionalProperties: false }, ...(required.length === 0 ? [{ type: 'null' }] : [])],
      },
    }
  }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Mainspring',
    description: 'What a namespace is to be: mainspring apply -f FILE. Applying it again changes nothing; what it does not name stays as it is.',
    type: 'object',
    additionalProperties: false,
    patternProperties: { '^x-': {} },
    properties: {
      $schema: { type: 'string' },
      dags: byName('Dags', 'DAGs by name: their tasks, and what each waits for.', NamedDag),
      schedules: byName('Schedules', 'Schedules by name: when (cron, every, at or solar), what (target, input, options), and how.', ScheduleSpec),
      queues: byName('Queues', 'Settings of queues by name.', QueueSettings),
      definitions: byName('Definitions', 'Settings of definitions by name, over those of their code. They must be registered.', DefinitionSettings),
      limits: byName('Limits', "An operator's limits by name: over those of code, or of their own.", LimitSettings),
    },
  }
}

/** Without what the schema library hangs on it. */
function plain(schema: TSchema): Record<string, unknown> {
  return JSON.parse(JSON.stringify(schema)) as Record<string, unknown>
}
