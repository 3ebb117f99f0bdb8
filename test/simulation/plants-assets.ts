import type { Planted } from './plants.ts'
import type { Scenario } from './scenario.ts'

/** Bugs of assets and of the schedules that wait for them. */
export const ASSET_PLANTS: Readonly<Record<string, Planted>> = {
  'asset-repeats': {
    rule: 'asset',
    what: 'a call that is repeated makes a second event',
    seeds: 8,
    from: 5,
    caught: /a call that was repeated made two events/,
    plant: { scenario },
    patches: [
      {
        file: 'src/machines/asset/machine.ts',
        find: 'if (known !== undefined) return { events: [], replies: [{ command, reply: said({ n: known.n, isNew: false }) }] }',
        replace: '',
      },
    ],
  },
  'asset-twice': {
    rule: 'asset',
    what: 'what has triggered a run triggers the next one as well',
    seeds: 8,
    caught: /an event triggered twice/,
    plant: { scenario },
    patches: [
      { file: 'src/machines/schedule/waits.ts', find: 'isNew: false, events: [], more: 0 }] as const)', replace: 'isNew: false }] as const)' },
    ],
  },
  'asset-unheard': {
    rule: 'asset',
    what: 'an asset is told in a commit after that of what made it, and forgets whom it is to tell where they are not at hand',
    seeds: 8,
    caught: /not each run that completed made one event|an event triggered nothing/,
    plant: { scenario },
    patches: [
      {
        file: 'src/engine/keepers.ts',
        find: 'return timeline === null ? assets : [timeline, ...assets]',
        replace: 'return timeline === null ? NONE : [timeline]',
      },
    ],
  },
}

/** Nothing else makes runs wait, and what is loaded is forgotten at once. */
function scenario(drawn: Scenario): void {
  Object.assign(drawn, { assets: true, rollbacks: false })
  drawn.sizes = { ...drawn.sizes, actorsCached: 1 }
}
