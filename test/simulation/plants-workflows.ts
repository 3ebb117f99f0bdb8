import type { Planted } from './plants.ts'
import type { Scenario } from './scenario.ts'

const FLOW = 'sdk/typescript/src/workflow/flow.ts'
const RUNNING = 'sdk/typescript/src/workflow/running.ts'

/** Bugs of the workflow machine, its protocol and the SDK that runs its code. */
export const WORKFLOW_PLANTS: Readonly<Record<string, Planted>> = {
  'workflow-early-result': {
    rule: 'workflow',
    what: 'the code goes on with the result of a step that the server does not know yet',
    seeds: 4,
    caught: /a step began before the one before it was committed/,
    workflows: true,
    plant: { scenario },
    patches: [
      { file: FLOW, find: 'if (!this.#applying) {', replace: 'if (false) {' },
      {
        file: RUNNING,
        find: '      this.outcomes.push(entry)\n',
        replace: "      this.outcomes.push(entry)\n      if (entry.is === 'completed') operation.settle.resolve(entry.output)\n",
      },
    ],
  },
  'workflow-once-again': {
    rule: 'workflow',
    what: 'a step that is tried once does not say that it begins',
    seeds: 30,
    from: 13,
    caught: /a step with attempts: 1 began twice/,
    workflows: true,
    plant: { scenario },
    patches: [
      { file: RUNNING, find: 'if (once && !operation.begun) {', replace: 'if (false) {' },
      { file: RUNNING, find: 'if (once && !operation.sent) {', replace: 'if (false) {' },
    ],
  },
  'workflow-repeated-call': {
    rule: 'workflow',
    what: 'what a worker says twice is taken twice',
    seeds: 30,
    from: 5,
    caught: /a step has two accepted results|cannot be folded|does not say so \(P6/,
    workflows: true,
    plant: { scenario },
    patches: [
      {
        file: 'src/machines/workflow/advance.ts',
        find: 'if (known !== undefined && call <= known.call) return NOTHING',
        replace: 'if (false) return NOTHING',
      },
    ],
  },
  'workflow-overtaken': {
    rule: 'workflow',
    what: 'what code asks for that is ahead of what is accepted counts, though something has happened that it has not seen',
    seeds: 4,
    from: 2,
    caught: /does not say so \(P6|gives something else|was given to a version/,
    workflows: true,
    plant: { scenario },
    patches: [
      {
        file: 'src/machines/workflow/advance.ts',
        find: 'if (ahead > 0 && state.news > input.upTo)',
        replace: 'if (false)',
      },
    ],
  },
  'workflow-signal-twice': {
    rule: 'workflow',
    what: 'a signal that is repeated is another one',
    seeds: 10,
    caught: /a signal was taken twice/,
    workflows: true,
    plant: { scenario },
    patches: [
      {
        file: 'src/machines/workflow/machine.ts',
        find: 'if (state.commands.some(({ id }) => id === command)) return NOTHING',
        replace: 'if (false) return NOTHING',
      },
    ],
  },
  'workflow-signals-twice': {
    rule: 'workflow',
    what: 'signals that come together, and are repeated, are others',
    seeds: 10,
    caught: /signals were not taken once and in their order|did not have each chunk once/,
    workflows: true,
    plant: { scenario },
    patches: [
      { file: 'src/machines/workflow/machine.ts', find: 'if (known !== undefined) return { ...NOTHING,', replace: 'if (false) return { ...NOTHING,' },
    ],
  },
  'workflow-signal-overtakes': {
    rule: 'workflow',
    what: 'code takes the newest signal that it knows of first',
    seeds: 10,
    caught: /signals were not taken once and in their order|did not have each chunk once/,
    workflows: true,
    plant: { scenario },
    patches: [
      {
        file: 'sdk/typescript/src/workflow/signals.ts',
        find: 'for (const [number, { name }] of this.#signals) if (name === signal) return number',
        replace: 'for (const [number, { name }] of [...this.#signals].reverse()) if (name === signal) return number',
      },
    ],
  },
  'stream-twice': {
    rule: 'workflow',
    what: 'what code writes to a stream is written again when its call is repeated',
    seeds: 20,
    caught: /did not have each chunk once and in order/,
    workflows: true,
    plant: { scenario },
    patches: [{ file: 'src/engine/workflows/advance.ts', find: 'if (!told.has(entry.n)) continue', replace: 'if (false) continue' }],
  },
  'workflow-early-update': {
    rule: 'workflow',
    what: 'an update is answered before it is durable',
    seeds: 20,
    caught: /an update was answered before it was committed/,
    workflows: true,
    plant: { scenario },
    patches: [
      {
        file: 'src/engine/workflows/talk.ts',
        find: "if ((await accept(namespace, id, { name, input, upTo: answer.upTo }, command)) === 'accepted') break",
        replace: "accept(namespace, id, { name, input, upTo: answer.upTo }, command).catch(() => {})\n        return { is: 'accepted' as const }",
      },
    ],
  },
  'workflow-early-yield': {
    rule: 'workflow',
    what: 'the task is taken from a worker that has not heard of all that its code waits for',
    seeds: 4,
    caught: /\(P6\)|is stuck on an input/,
    workflows: true,
    plant: { scenario },
    patches: [{ file: 'src/machines/workflow/advance.ts', find: 'yields && news <= upTo', replace: 'yields' }],
  },
  'workflow-misfit': {
    rule: 'workflow',
    what: 'a version that does not fit a history is given it again',
    seeds: 20,
    caught: /given to a version that its history does not fit|\(P6\)/,
    workflows: true,
    plant: { scenario },
    patches: [
      {
        file: 'src/machines/workflow/versions.ts',
        find: 'state.route === undefined ? misfitLabels(state)',
        replace: 'state.route === undefined ? null',
      },
    ],
  },
  'workflow-step-misfit': {
    rule: 'workflow',
    what: 'a version that left a queued step to others is given it again',
    seeds: 20,
    caught: /given to a version that had left it to others|\(P6\)/,
    workflows: true,
    plant: { scenario },
    patches: [
      {
        file: 'src/machines/job/state.ts',
        find: 'order === null || state.misfits === undefined ? order',
        replace: 'true ? order',
      },
    ],
  },
  'workflow-promise-twice': {
    rule: 'workflow',
    what: 'a promise that is settled is open all the same',
    seeds: 10,
    caught: /a promise was settled twice/,
    workflows: true,
    plant: { scenario },
    patches: [
      {
        file: 'src/machines/workflow/state.ts',
        find: 'return told(ended({ ...state, commands: remembered(state, event.command as CommandId, event.at) }, event.n as number), event)',
        replace: 'return told({ ...state, commands: remembered(state, event.command as CommandId, event.at) }, event)',
      },
    ],
  },
  'workflow-promise-forgotten': {
    rule: 'workflow',
    what: 'who settles a promise is forgotten, so that a repeat of the call is another one',
    seeds: 10,
    caught: /whoever has settled a promise was told that it is not there/,
    workflows: true,
    plant: { scenario },
    patches: [
      {
        file: 'src/machines/workflow/promises.ts',
        find: 'if (state.commands.some(({ id }) => id === command)) return NOTHING',
        replace: 'if (false) return NOTHING',
      },
    ],
  },
  'workflow-shield': {
    rule: 'workflow',
    what: 'a cancel interrupts what is shielded from it',
    seeds: 20,
    from: 47,
    caught: /what was shielded from a cancel was not brought to its end/,
    workflows: true,
    plant: { scenario },
    patches: [{ file: 'sdk/typescript/src/workflow/parts.ts', find: 'if (at.shields) return true', replace: 'if (false) return true' }],
  },
  'workflow-dropped-untold': {
    rule: 'workflow',
    what: 'the server is not told of what the code does not wait for any more',
    seeds: 4,
    caught: /\(P6\)|that nobody waits for any more/,
    workflows: true,
    plant: { scenario },
    patches: [{ file: 'sdk/typescript/src/workflow/drops.ts', find: "} else if (known === 'open') {", replace: '} else if (false) {' }],
  },
  'workflow-dropped-takes': {
    rule: 'workflow',
    what: 'a branch that lost keeps the signal that it was given before its worker had said so',
    seeds: 30,
    caught: /\(P6\)|not taken in their order|gave something else/,
    workflows: true,
    plant: { scenario },
    patches: [
      {
        file: 'sdk/typescript/src/workflow/events.ts',
        find: 'if (operation.drop === null || !operation.returns) return false',
        replace: 'return false',
      },
    ],
  },
  'workflow-route': {
    rule: 'workflow',
    what: 'a run that an operator has sent to a version is given to any',
    seeds: 20,
    caught: /went to another version than the one that it was routed to/,
    workflows: true,
    plant: { scenario },
    patches: [
      {
        file: 'src/machines/workflow/versions.ts',
        find: 'state.route === undefined ? misfitLabels(state)',
        replace: 'true ? misfitLabels(state)',
      },
    ],
  },
  'workflow-fork-later': {
    rule: 'workflow',
    what: 'a fork keeps what came after its point',
    seeds: 20,
    caught: /a fork has not the results from before its point/,
    workflows: true,
    plant: { scenario },
    patches: [
      {
        file: 'src/machines/workflow/point.ts',
        find: 'const before = history.slice(base + 1, cut)',
        replace: 'const before = history.slice(base + 1)',
      },
    ],
  },
  'workflow-reset-signals': {
    rule: 'workflow',
    what: 'a reset leaves out the signals that came after its point',
    seeds: 30,
    from: 3,
    caught: /a reset lost a signal that came after its point/,
    workflows: true,
    plant: { scenario },
    patches: [{ file: 'src/machines/workflow/point.ts', find: 'if (later) for', replace: 'if (false) for' }],
  },
  'workflow-two-turns': {
    rule: 'workflow',
    what: 'a run is given to its worker again before that has heard how its last turn ended',
    seeds: 20,
    from: 140,
    caught: /\(P6\)|gave something else|two accepted results|nobody answers/,
    workflows: true,
    plant: {
      scenario(drawn) {
        scenario(drawn)
        Object.assign(drawn, { loses: 0.12, faults: ['cut-clients'], faultEveryMs: 2_500 })
      },
    },
    patches: [
      {
        file: 'sdk/typescript/src/worker/flows.ts',
        find: 'before === undefined ? this.#run(attempt) : before.then',
        replace: 'true ? this.#run(attempt) : before.then',
      },
    ],
  },
}

function scenario(drawn: Scenario): void {
  Object.assign(drawn, { workflows: true, rollbacks: false })
}
