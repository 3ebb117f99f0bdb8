import { type Static, Type } from 'typebox'
import { NamedDag } from './dag-schemas.ts'
import { DefinitionOptions } from './definition-schemas.ts'
import { LimitSettings } from './limit-schemas.ts'
import { APPLIED_MAX, NamedSchedule } from './schedule-schemas.ts'
import { closed, list, Name, Note } from './schemas.ts'

const Paused = Type.Union([Type.Boolean(), closed({ note: Type.Optional(Note) })], {
  description: 'true, false, or { note: "why" }; left out: as it is',
})
export const QueueSettings = closed({ name: Name, paused: Type.Optional(Paused) }, { title: 'QueueSettings' })
export const DefinitionSettings = closed(
  { name: Name, paused: Type.Optional(Paused), options: Type.Optional(DefinitionOptions) },
  { title: 'DefinitionSettings' },
)
const sections = {
  dags: Type.Optional(list(NamedDag, APPLIED_MAX)),
  schedules: Type.Optional(list(NamedSchedule, APPLIED_MAX)),
  queues: Type.Optional(list(QueueSettings, APPLIED_MAX)),
  definitions: Type.Optional(list(DefinitionSettings, APPLIED_MAX)),
  limits: Type.Optional(list(LimitSettings, APPLIED_MAX)),
}
export const Apply = closed({ ...sections, dryRun: Type.Optional(Type.Boolean()), prune: Type.Optional(Type.Boolean()) }, { title: 'Apply' })

export type ApplyBody = Static<typeof Apply>
export type QueueBody = Static<typeof QueueSettings>
export type DefinitionBody = Static<typeof DefinitionSettings>
