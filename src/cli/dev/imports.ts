import { createHash } from 'node:crypto'
import { readFileSync, realpathSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { relative, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { AnyJob } from '@mainspring/sdk'
import type { LoadedJobs } from '../job-files.ts'

/**
 * What the files of jobs import from their own project: by relative paths or by the project's own names (`#lib/…`), in turn by what is imported, not under
 * `node_modules`. A change there is a change of the jobs (docs/architecture.md section 12, Versions).
 *
 * Node itself tells what it loads, so this is exact for all that is imported by the time that the jobs are loaded; types are gone by then, and what a handler
 * imports only when it runs is not seen.
 */
export class Imports {
  readonly #root: string
  /** By URL: what it imports, and the hash of what was loaded. */
  readonly #edges = new Map<string, Set<string>>()
  readonly #hashes = new Map<string, string>()

  private constructor(directory: string) {
    this.#root = pathToFileURL(`${realpathSync(directory)}${sep}`).href
  }

  /** From now on, for this process. */
  static record(directory: string): Imports {
    const imports = new Imports(directory)
    registerHooks({
      resolve(specifier, context, nextResolve) {
        const resolved = nextResolve(specifier, context)
        if (context.parentURL !== undefined && OWN.test(specifier)) imports.#imported(context.parentURL, resolved.url)
        return resolved
      },
      load(url, context, nextLoad) {
        const loaded = nextLoad(url, context)
        if (imports.#isOwn(url)) imports.#hashes.set(url, hash(loaded.source as string | Uint8Array | undefined, url))
        return loaded
      },
    })
    return imports
  }

  /** Paths of all that were imported, by whomever: whoever changes one changes jobs. */
  get files(): string[] {
    return [...new Set([...this.#edges.values()].flatMap(urls => [...urls]))].map(url => fileURLToPath(url)).sort()
  }

  /** Adds to the version of each job the text of what its file imports. One that names its version itself keeps it. */
  addTo({ jobs, files }: LoadedJobs, directory: string): void {
    for (const job of jobs) {
      const texts = this.#of(pathToFileURL(realpathSync(`${directory}${sep}${files.get(job.name)}`)).href)
      if (texts.length > 0 && job.options.version === undefined) rename(job, versionOf(job.version, texts))
    }
  }

  #isOwn(url: string): boolean {
    return url.startsWith(this.#root) && !url.includes('/node_modules/')
  }

  #imported(by: string, url: string): void {
    if (!this.#isOwn(url) || !this.#isOwn(by)) return
    const known = this.#edges.get(by) ?? new Set()
    this.#edges.set(by, known.add(url))
  }

  /** Name and hash of each file that this one imports, in turn by what it imports; not of itself. */
  #of(file: string): string[] {
    const found = new Set([file])
    for (const url of found) for (const next of this.#edges.get(url) ?? []) found.add(next)
    found.delete(file)
    return [...found].map(url => `${relative(fileURLToPath(this.#root), fileURLToPath(url))} ${this.#hashes.get(url)}`).sort()
  }
}

/** Not a package: a path, or a name that the project's own package.json gives (`imports`). */
const OWN = /^(\.{0,2}\/|#|file:)/

function versionOf(version: string, texts: readonly string[]): string {
  return createHash('sha256')
    .update([version, ...texts].join('\n'))
    .digest('hex')
}

function hash(source: string | Uint8Array | undefined, url: string): string {
  return createHash('sha256')
    .update(source ?? readFileSync(fileURLToPath(url)))
    .digest('hex')
}

/** In place: the handlers of this process start the very same job objects, and register them as they are. */
function rename(job: AnyJob, version: string): void {
  Object.assign(job.definition, { version })
}
