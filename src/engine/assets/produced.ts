import type { Message } from '../../core/machine.ts'
import type { OutletFacts } from '../../core/options.ts'
import type { Outcome } from '../../core/run.ts'
import { madeForOf, tellMade } from '../../machines/asset/made-for.ts'
import type { Actor } from '../actor.ts'
import { assetId } from './ids.ts'

/** What the assets that a run makes are told when it closes: that they are made anew, or that it has failed to. A cancelled run says nothing. */
export function producedBy(run: Actor, outcome: Outcome | undefined): (Message & { is: 'tell' })[] {
  if (outcome === undefined || outcome.state === 'cancelled' || outcome.state === 'terminated') return []
  const { trigger, options } = run.view
  const { outlets = [], gate } = options
  return outlets.map(({ asset, partition }) => {
    const said = outcome.assets?.find(facts => facts.asset === asset)
    const madeFor = madeForOf(trigger, said?.partition ?? partition)
    const to = assetId(run.namespace, asset)
    if (outcome.state !== 'completed') return tellMade(to, asset, { is: 'missed', run: run.id, ...madeFor })
    const dag = trigger.is === 'dag' ? { ...(gate?.dag !== undefined && { dag: gate.dag.name }), task: trigger.task } : {}
    const source = { is: 'run' as const, run: run.id, definition: run.name, ...dag }
    return tellMade(to, asset, { is: 'produced', source, ...factsOf(said), ...madeFor })
  })
}

function factsOf({ extra, watermark }: Partial<OutletFacts> = {}): Pick<OutletFacts, 'extra' | 'watermark'> {
  return { ...(extra !== undefined && { extra }), ...(watermark !== undefined && { watermark }) }
}
