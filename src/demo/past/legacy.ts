import { job } from '@mainspring/sdk'

/** Nobody serves it any longer: its runs wait, and `explain` says for what. So it is not among the jobs of the demo. */
export const legacySync = job('legacy-sync', { queue: 'legacy', tags: { team: 'none' } }, async (_: { system: string }) => null)
