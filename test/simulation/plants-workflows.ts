import type { Planted } from './plants.ts'
import type { Scenario } from './scenario.ts'

const FLOW = 'sdk/typescript/src/workflow/flow.ts'

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
        file: FLOW,
        find: '      this.#outcomes.push(entry)\n',
        replace: "      this.#outcomes.push(entry)\n      if (entry.is === 'completed') this.operations.resolve(operation, entry.output)\n",
      },
    ],
  },
  'workflow-once-again': {
    rule: 'workflow',
    what: 'a step that is tried once does not say that it begins',
    seeds: 30,
    from: 6,
    caught: /a step with attempts: 1 began twice/,
    workflows: true,
    plant: { scenario },
    patches: [
      { file: FLOW, find: 'if (once && !operation.begun) {', replace: 'if (false) {' },
      { file: FLOW, find: 'if (once && !operation.sent) {', replace: 'if (false) {' },
    ],
  },
  'workflow-repeated-call': {
    rule: 'workflow',
    what: 'what a worker says twice is taken twice',
    seeds: 30,
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
    caught: /\(P6\)/,
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
        find: 'return misfits === undefined ? null : {',
        replace: 'return true ? null : {',
      },
    ],
  },
  'workflow-two-turns': {
    rule: 'workflow',
    what: 'a run is given to its worker again before that has heard how its last turn ended',
    seeds: 20,
    from: 7,
    caught: /\(P6\)|gave something else|two accepted results/,
    workflows: true,
    plant: { scenario },
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
