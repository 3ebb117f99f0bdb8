import { shortId } from '../../core/ids.ts'
import type { ApprovalState } from '../../machines/approval/types.ts'
import type { Actor } from '../actor.ts'
import type { Reason } from '../face.ts'

/** Who is to answer what, and what becomes of it if nobody does. */
export function explainApproval({ id, state }: Actor): Reason {
  const { asked, started } = state as ApprovalState
  const { subject, assignees = [], deadlineMs, default: by } = asked
  const who = assignees.length === 0 ? 'somebody' : assignees.join(' or ')
  const until = deadlineMs === undefined ? undefined : started.at + deadlineMs
  const then = by === undefined ? 'it times out' : by === 'approve' ? 'it is approved' : 'it is rejected'
  return {
    code: 'approval',
    text: `it waits for ${who} to approve or reject "${subject}"${until === undefined ? '' : `; ${then} at ${new Date(until).toISOString()}`}`,
    since: started.at,
    ...(until === undefined ? {} : { until }),
    command: `mainspring approve ${shortId(id)}`,
  }
}
