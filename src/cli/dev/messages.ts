import type { RefusalFacts } from '../../server/refusal.ts'

/** What `dev` gives its worker process to begin with, as the one argument of its command line. */
export interface WorkerTask {
  url: string
  namespace: string
  directory: string
  files: string[]
  name: string
  /** Under which its schedules are registered. Null: they are not. */
  source: string | null
}

/** What the worker process says. `mistake`: nothing was registered, and it ends. `imports`: files of the project that the files of jobs import. */
export type FromWorker =
  | { is: 'ready'; worker: string; jobs: JobOffer[]; schedules: number; imports: string[] }
  | { is: 'mistake'; facts: RefusalFacts; imports: string[] }
  | { is: 'failed'; run: string; job: string; attempt: number; message: string }

export interface JobOffer {
  name: string
  kind: 'job' | 'workflow' | 'dag'
  version: string
  file: string
  /** An input to try it with: JSON text in the tagged form. */
  example: string | null
}

/** What the worker process is told. It ends by itself when its parent is gone. */
export type ToWorker = { is: 'drain' }
