import type { Planted } from './plants.ts'
import type { Scenario } from './scenario.ts'
import { DEFINITIONS } from './scenario.ts'

/** Bugs in what orders, slows and gathers work (E17 within one lane, E18, E19, sequences). */
export const LIMIT_PLANTS: Readonly<Record<string, Planted>> = {
  'E17-let-go-early': {
    rule: 'E17',
    what: 'a hold is let go when the end of its attempt is decided, not when that is committed',
    limits: true,
    seeds: 60,
    from: 2,
    caught: /\(E17\)/,
    patches: [{ file: 'src/engine/tenure.ts', find: 'if (batch === null) this.limits', replace: 'if (batch !== null) this.limits' }],
  },
  'E17-not-rebuilt': {
    rule: 'E17',
    what: 'who takes over does not count what was delivered before',
    limits: true,
    seeds: 60,
    from: 2,
    caught: /\(E17\)/,
    patches: [
      {
        file: 'src/engine/tenure.ts',
        find: 'actor.reservation ??= this.reserve(actor, delivered.task, !loaded)',
        replace: 'if (!loaded) actor.reservation ??= this.reserve(actor, delivered.task, true)',
      },
      {
        file: 'src/engine/tenure.ts',
        find: 'if (actor.reservation === null) actor.reservation = this.reserve(actor, task, false)',
        replace: 'if (actor.reservation === null) continue',
      },
    ],
  },
  'E17-leaves-unrecorded': {
    rule: 'E17',
    what: 'a limited task leaves before its delivery is recorded',
    limits: true,
    seeds: 60,
    from: 9,
    caught: /\(E17\)|\(E18\)/,
    patches: [
      {
        file: 'src/engine/queues/queues.ts',
        find: 'return bounds.length > 0 || (set as LineSet).bounds.length > 0 || sequence',
        replace: 'return (bounds.length < 0 && set !== null) || sequence',
      },
    ],
  },
  'E18-written-after': {
    rule: 'E18',
    what: 'tokens are not written in the batch of the delivery that spends them',
    limits: true,
    seeds: 60,
    from: 14,
    caught: /\(E18\)/,
    patches: [{ file: 'src/engine/batch.ts', find: 'for (const rate of batch.rates) writes.rates.push(rate.row())', replace: 'batch.rates.clear()' }],
  },
  'E18-not-read': {
    rule: 'E18',
    what: 'who takes over does not read what is spent',
    limits: true,
    seeds: 60,
    from: 14,
    caught: /\(E18\)/,
    patches: [{ file: 'src/engine/tenure.ts', find: 'this.limits.load(await store.loadRates(claim))', replace: 'await store.loadRates(claim)' }],
  },
  'E19-not-woken': {
    rule: 'E19',
    what: 'a parked line is not woken when somebody lets go of its limit',
    limits: true,
    seeds: 30,
    from: 17,
    caught: /\(P6\)/,
    patches: [{ file: 'src/engine/limits/resource.ts', find: 'for (const waiter of [...this.waiting]) waiter.wake()', replace: '' }],
  },
  'E19-blocked-in-front': {
    rule: 'E19',
    what: 'a blocked key keeps its place at the head, and everybody behind it waits',
    limits: true,
    seeds: 30,
    from: 2,
    caught: /explain gave no reason and nothing happened/,
    plant: {
      scenario: scenario => {
        scenario.limited = Object.fromEntries(DEFINITIONS.map(name => [name, { limits: [{ per: 'k', rate: 3, everyMs: 20_000 }] }]))
      },
    },
    patches: [
      {
        file: 'src/engine/queues/queues.ts',
        find: 'if (why === null) return line\n      this.deactivate(line)',
        replace: "if (why === null) return line\n      if (why.is === 'resource' || why.is === 'rate') return null\n      this.deactivate(line)",
      },
    ],
  },
  'sequence-turn-of-an-attempt': {
    rule: 'sequence',
    what: "a run's turn ends with its attempt, not with its close",
    limits: true,
    seeds: 30,
    from: 2,
    caught: /two runs of a sequence/,
    patches: [
      {
        file: 'src/engine/tenure.ts',
        find: 'const { reservation, batch } = actor\n',
        replace:
          "const { reservation, batch } = actor\n    const { sequence } = actor.view.options.gate ?? {}\n    if (sequence !== undefined && !actor.closed) this.queues.turned({ namespace: actor.namespace, scope: 'sequence', definition: actor.name, key: sequence }, null)\n",
      },
    ],
  },
  'sequence-not-stopped': {
    rule: 'sequence',
    what: 'a failed run does not stop those behind it',
    limits: true,
    seeds: 30,
    from: 12,
    caught: /went on past a run that failed/,
    patches: [
      { file: 'src/engine/limits/sequences.ts', find: 'if (stops) transaction.putKey', replace: 'if (stops && name === null) transaction.putKey' },
    ],
  },
  'sequence-out-of-order': {
    rule: 'sequence',
    what: 'lines of one sequence do not look at each other',
    limits: true,
    seeds: 30,
    from: 2,
    caught: /out of order/,
    patches: [
      { file: 'src/engine/queues/queues.ts', find: 'return sequence.first()?.actor === entry.actor', replace: 'return sequence.first() !== null' },
    ],
  },
  'E7-overtaken': {
    rule: 'E7',
    what: 'who takes over parts between which letters lie applies what one of these brings about before the letters that were sent before it',
    limits: true,
    seeds: 1,
    from: 139,
    caught: /no more jobs end than are open/,
    plant: { scenario: slowly },
    patches: [{ file: 'src/engine/mail.ts', find: ' && transaction.between.isFree(from, to)', replace: '' }],
  },
  'sequence-goes-past-a-change': {
    rule: 'sequence',
    what: 'the next of a sequence goes while the commit of a change of the first is under way',
    limits: true,
    seeds: 30,
    from: 84,
    caught: /out of order/,
    plant: { scenario: slowly },
    patches: [{ file: 'src/engine/queues/queues.ts', find: ' || sequence.changing > 0) return false', replace: ') return false' }],
  },
  'E19-row-kept-ahead': {
    rule: 'E19',
    what: 'a row that was read ahead stays when its run is loaded, and is handed out as it once was',
    limits: true,
    seeds: 60,
    from: 34,
    caught: /\(E1[678]\)|out of order|two runs|a task of a closed run/,
    patches: [{ file: 'src/engine/queues/queues.ts', find: 'this.readAhead.loaded(actor.id)\n', replace: '\n' }],
  },
}

/** Everything is one after the other, on a store that takes its time. */
function slowly(scenario: Scenario): void {
  scenario.waiting = true
  scenario.storeLatencyMs = 100
  scenario.thinkMs = 50
  scenario.limited = Object.fromEntries(DEFINITIONS.map(name => [name, { sequence: { per: 'k', onFailure: 'skip' as const } }]))
}
