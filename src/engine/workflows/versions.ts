import { UserError } from '../../core/errors.ts'
import { hash53 } from '../../core/ids.ts'
import { OPEN_STATES } from '../../core/run.ts'
import type { Reads } from '../../store/store.ts'
import { Actor } from '../actor.ts'
import { boundedRuns } from '../bounded.ts'
import type { Clock } from '../clock.ts'
import type { Definitions, Registered } from '../definitions.ts'
import { type Routes, type Settings, VERSIONS_SETTING } from '../settings.ts'
import { servedVersion, type WorkerSeen, type Workers } from '../workers.ts'
import type { VersionCalls, VersionState, VersionsView } from './face.ts'

const VERSIONS_SHOWN_MAX = 50
const WORKERS_SHOWN_MAX = 20
/** Open runs that are counted: read in some 250 ms. */
const COUNTED_MAX = 5_000
const PAGE = 250

/** Which version a run goes to by an operator's word: the same for as long as that stands. Null: any. */
export function routeOf(routes: Routes | null, run: string): string | null {
  if (routes === null) return null
  const { current, ramp } = routes
  return ramp !== null && hash53(`ramp:${run}`)[0] % 10_000 < ramp.percent * 100 ? ramp.version : current
}

interface World {
  read: Pick<Reads, 'runs' | 'runsDepth'>
  definitions: Definitions
  settings: Settings
  workers: Workers
  clock: Clock
  put(kind: string, namespace: string, name: string, value: string | null): Promise<void>
  available<T>(read: Promise<T>): Promise<T>
}

export function versionCalls(world: World): VersionCalls {
  const { definitions, settings, workers, clock } = world
  const required = (namespace: string, name: string): Registered => {
    const definition = definitions.require(namespace, name, '/path/name')
    if (definition.kind === 'workflow') return definition
    throw new UserError('not-a-workflow', { title: 'Only workflows have versions that are ramped.', found: name, hint: `it is a ${definition.kind}` })
  }
  const put = (namespace: string, name: string, routes: Omit<Routes, 'since'>): Promise<void> =>
    world.put(VERSIONS_SETTING, namespace, name, JSON.stringify({ ...routes, since: clock.now() } satisfies Routes))
  return {
    async get(namespace, name) {
      const definition = definitions.require(namespace, name, '/path/name')
      const present = workers.presentOf(namespace)
      return viewOf(definition, settings.routesOf(namespace, name), present, await world.available(openRuns(world.read, namespace, name)))
    },
    async ramp(namespace, name, { version: asked, percent }, by) {
      const definition = required(namespace, name)
      const version = versionOf(definition, asked)
      const { current, previous, ramp } = settings.routesOf(namespace, name) ?? { current: before(definition, version), previous: null, ramp: null }
      if (percent >= 100) return put(namespace, name, { current: version, previous: version === current ? previous : current, ramp: null, by })
      if (version === current)
        throw new UserError('invalid-input', { at: '/version', found: asked, hint: 'it is the current version: ramp another one, or roll back' })
      const next = percent > 0 ? { version, percent } : ramp?.version === version ? null : ramp
      return put(namespace, name, { current, previous, ramp: next, by })
    },
    async rollback(namespace, name, by) {
      required(namespace, name)
      const routes = settings.routesOf(namespace, name)
      if (routes !== null && routes.ramp !== null) return put(namespace, name, { ...routes, ramp: null, by })
      if (routes?.previous == null) throw new UserError('nothing-to-roll-back', { found: name, hint: 'no version was ramped' })
      return put(namespace, name, { current: routes.previous, previous: null, ramp: null, by })
    },
  }
}

/** A version by its name, or by the beginning of its hash. */
function versionOf({ versions }: Registered, asked: string): string {
  if (versions.has(asked)) return asked
  const [found, other] = [...versions.keys()].filter(version => asked.length >= SHORTEST && version.startsWith(asked))
  if (found !== undefined && other === undefined) return found
  const known = newest(versions).map(([version]) => version.slice(0, HINT_LENGTH))
  const hint = found === undefined ? `registered are ${known.slice(0, 5).join(', ')}` : 'several versions begin like this'
  throw new UserError('unknown-version', { at: '/version', found: asked, hint })
}
const SHORTEST = 4
const HINT_LENGTH = 20

/** Which is current where nobody has said so: the newest, but for the one that is ramped just now. */
function before({ version: last, versions }: Registered, ramped: string): string {
  if (last !== ramped) return last
  return newest(versions).find(([version]) => version !== ramped)?.[0] ?? last
}

function newest(versions: ReadonlyMap<string, number>): [string, number][] {
  return [...versions].sort(([, a], [, b]) => b - a)
}

interface Open {
  counts: Map<string, number>
  unbegun: number
  more: boolean
}

/** The open runs of a definition, by the version that each goes by. */
async function openRuns(read: World['read'], namespace: string, name: string): Promise<Open> {
  const counts = new Map<string, number>()
  let [looked, unbegun] = [0, 0]
  for (let after: string | null = null; ; ) {
    const page: Awaited<ReturnType<typeof boundedRuns>> = await boundedRuns(
      read,
      { namespace, names: [name], states: OPEN_STATES },
      { after, limit: PAGE },
    )
    for (const row of page.rows) {
      const { version = null } = Actor.load(row).view
      if (version === null) unbegun++
      else counts.set(version, (counts.get(version) ?? 0) + 1)
    }
    looked += page.rows.length
    after = page.next
    if (after === null || page.through !== null || looked >= COUNTED_MAX) return { counts, unbegun, more: after !== null }
  }
}

function viewOf(definition: Registered, routes: Routes | null, present: readonly WorkerSeen[], { counts, unbegun, more }: Open): VersionsView {
  const { name, versions, version: last } = definition
  const current = routes?.current ?? last
  const ramp = routes?.ramp ?? null
  const stateOf = (version: string): VersionState => {
    if (version === current) return 'current'
    if (version === ramp?.version) return 'ramping'
    return (counts.get(version) ?? 0) > 0 ? 'draining' : 'drained'
  }
  const percentOf = (version: string): number | null => {
    if (routes === null) return null
    if (version === current) return 100 - (ramp?.percent ?? 0)
    return version === ramp?.version ? ramp.percent : 0
  }
  const rows = newest(versions).map(([version, registeredAt]) => ({
    version,
    state: stateOf(version),
    percent: percentOf(version),
    open: counts.get(version) ?? 0,
    registeredAt,
    workers: present
      .filter(worker => worker.servesSet.has(name) && servedVersion(worker, name) === version)
      .slice(0, WORKERS_SHOWN_MAX)
      .map(({ id, name }) => ({ id, name })),
  }))
  const ORDER: readonly VersionState[] = ['current', 'ramping', 'draining', 'drained']
  const sorted = rows.sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || b.registeredAt - a.registeredAt)
  return { versions: sorted.slice(0, VERSIONS_SHOWN_MAX), unbegun, more, set: routes && { by: routes.by, since: routes.since } }
}
