import type { WireApply, WireNamedDag, WireNamedSchedule, WireProblem } from '@mainspring/sdk'
import { Refusal, type RefusalFacts } from '../../server/refusal.ts'
import { factsOf } from '../output/problem.ts'
import type { Source } from './files.ts'
import { type Item, KINDS, type Kind, NOUNS, type Remark } from './item.ts'
import { type CrontabSettings, readCrontab } from './read-crontab.ts'
import { readYaml } from './read-yaml.ts'

/** All that the files say, in the order of the call. */
export interface Manifest {
  items: Record<Kind, Item[]>
  /** Kinds that a file has a section of, be it an empty one. */
  sections: Set<Kind>
  remarks: Remark[]
}

/** @throws Refusal with the place of the first mistake; a name that two files have is one, and both are named. */
export function readManifest(sources: readonly Source[], settings: CrontabSettings): Manifest {
  const manifest: Manifest = { items: { dags: [], schedules: [], queues: [], definitions: [], limits: [] }, sections: new Set(), remarks: [] }
  const known = new Map<string, Item>()
  for (const source of sources) {
    const { items, remarks } =
      source.format === 'crontab' ? readCrontab(source, settings) : { items: readYaml(source, manifest.sections), remarks: [] }
    manifest.remarks.push(...remarks)
    for (const item of items) {
      const other = known.get(`${item.kind}\n${item.name}`)
      if (other)
        throw new Refusal({
          code: 'duplicate-name',
          place: item.place,
          title: `${NOUNS[item.kind]} "${item.name}" is defined twice; the other one is at ${other.place}.`,
        })
      known.set(`${item.kind}\n${item.name}`, item)
      manifest.items[item.kind].push(item)
    }
  }
  return manifest
}

export function bodyOf({ items, sections }: Manifest, { dryRun, prune }: { dryRun: boolean; prune: boolean }): WireApply {
  const named = ({ name, value }: Item): { name: string } => ({ name, ...value })
  return {
    ...(items.dags.length > 0 && { dags: items.dags.map(named) as WireNamedDag[] }),
    schedules: items.schedules.map(named) as WireNamedSchedule[],
    queues: items.queues.map(named),
    definitions: items.definitions.map(named),
    ...(sections.has('limits') && { limits: items.limits.map(named) }),
    dryRun,
    prune,
  }
}

/** The server's refusal of the call, at its place in the files; as it is where it is about none of them. */
export function refusalOfProblem(problem: WireProblem, { items }: Manifest): RefusalFacts {
  const facts = factsOf(problem)
  const [, kind, index, pointer = ''] = /^\/([^/]+)\/(\d+)(\/.*)?$/s.exec(problem.at ?? '') ?? []
  const item = KINDS.includes(kind as Kind) ? items[kind as Kind][Number(index)] : undefined
  if (!item) return facts
  const { found, data, ...rest } = problem
  const { offset, line } = (data ?? {}) as { offset?: number; line?: number }
  const own = factsOf({ ...rest, ...(data && { data }), ...(found !== undefined && !isTold(found, problem) && { found }) })
  // What never fires is wrong as a whole, whichever of its fields says so.
  const within = {
    line,
    offset: problem.code === 'schedule-never-fires' ? undefined : offset,
    isName: typeof found === 'string' && pointer.endsWith(`/${found}`),
  }
  return { ...own, place: item.placeOf(pointer, within), title: `${NOUNS[item.kind]} "${item.name}": ${lowerFirst(own.title)}` }
}

/** The sentence shows it already. */
function isTold(found: unknown, { title, hint = '' }: WireProblem): boolean {
  return typeof found === 'string' && `${title} ${hint}`.includes(found)
}

/** Of a sentence that goes on behind a colon. */
export function lowerFirst(sentence: string): string {
  return /^[A-Z][a-z]/.test(sentence) ? sentence.charAt(0).toLowerCase() + sentence.slice(1) : sentence
}
