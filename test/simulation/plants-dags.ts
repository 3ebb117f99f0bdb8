import type { Planted } from './plants.ts'
import type { Scenario } from './scenario.ts'

/** Bugs of the DAG machine. */
export const DAG_PLANTS: Readonly<Record<string, Planted>> = {
  'dag-early': {
    rule: 'dag',
    what: 'a task begins once one of those before it has succeeded',
    seeds: 8,
    caught: /was started before its rule let it/,
    dags: true,
    plant: { scenario },
    patches: [
      {
        file: 'src/machines/dag/rules.ts',
        find: "return success + skipped === total ? 'run' : 'wait'\n    case 'none_failed_min_one_success'",
        replace: "return success > 0 ? 'run' : 'wait'\n    case 'none_failed_min_one_success'",
      },
    ],
  },
  'dag-too-many': {
    rule: 'dag',
    what: 'more tasks run at once than maxActiveTasks says',
    seeds: 8,
    caught: /tasks at once/,
    dags: true,
    plant: { scenario },
    patches: [{ file: 'src/machines/dag/follow.ts', find: 'if (state.active >= plan.maxActive) return null', replace: 'if (false) return null' }],
  },
  'dag-lost-output': {
    rule: 'dag',
    what: 'an output is dropped once one of those who need it has begun',
    seeds: 8,
    caught: /gave something else than its tasks|a DAG whose task failed|runs are stuck/,
    dags: true,
    plant: { scenario },
    patches: [{ file: 'src/machines/dag/tally.ts', find: 'return left === 0\n', replace: 'return true\n' }],
  },
  'dag-rerun-forgets': {
    rule: 'dag',
    what: 'a task that runs again is not given what one that is kept gave',
    seeds: 8,
    caught: /gave something else than its tasks|a DAG whose task failed|runs are stuck/,
    dags: true,
    plant: { scenario },
    patches: [{ file: 'src/machines/dag/rerun.ts', find: 'if (needed(n)) outputs.push(need)', replace: '' }],
  },
}

function scenario(drawn: Scenario): void {
  Object.assign(drawn, { dags: true, rollbacks: false })
}
