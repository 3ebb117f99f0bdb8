import type { AnyJob } from '../job.ts'
import type { LiveFlow } from '../workflow/flow.ts'
import type { Code } from '../workflow/main.ts'

/** A workflow whose code runs elsewhere: its worker only carries words between the server and that place. */
export interface RemoteWorkflow extends AnyJob {
  /** `base`: the number of the event with which the code begins. */
  flowOf(code: Code, base: number): LiveFlow
}

export function isRemote(job: AnyJob): job is RemoteWorkflow {
  return typeof (job as Partial<RemoteWorkflow>).flowOf === 'function'
}
