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
    patches: [
      { file: 'src/machines/dag/next.ts', find: 'if (slotsTaken(state) >= plan.maxActive) return nextSlotless(plan, state, tally)', replace: '' },
      { file: 'src/machines/dag/next.ts', find: 'plan.maxActive - slotsTaken(state)', replace: 'most' },
    ],
  },
  'dag-lost-output': {
    rule: 'dag',
    what: 'an output is dropped once one of those who need it has begun',
    seeds: 8,
    caught: /gave something else than its tasks|a DAG whose task failed|runs are stuck/,
    dags: true,
    plant: { scenario },
    patches: [{ file: 'src/machines/dag/tally.ts', find: 'if (left !== 0) continue\n', replace: '' }],
  },
  'dag-runs-too-many': {
    rule: 'dag',
    what: 'more runs of a DAG are active than maxActiveRuns says',
    seeds: 8,
    caught: /more runs of a DAG are active/,
    dags: true,
    plant: { scenario },
    patches: [
      { file: 'src/machines/timeline/machine.ts', find: 'if (!entry.free && holdersFor(this.state, entry).length >= max)', replace: 'if (false)' },
    ],
  },
  'dag-past-ignored': {
    rule: 'dag',
    what: 'a task that depends on the past waits for nobody',
    seeds: 8,
    caught: /began before that of the run before had passed/,
    dags: true,
    plant: { scenario },
    patches: [{ file: 'src/machines/dag/past.ts', find: 'return held.has(id)', replace: 'return held.has(id) && false' }],
  },
  'dag-leaves-unsaid': {
    rule: 'dag',
    what: 'a run that is terminated keeps its place',
    seeds: 8,
    caught: /runs are stuck|explain gave no reason/,
    dags: true,
    plant: { scenario },
    patches: [
      {
        file: 'src/machines/dag/follow.ts',
        find: 'if (this.state.queuedAt !== undefined) this',
        replace: "if (this.state.queuedAt !== undefined && closing.is !== 'terminated') this",
      },
    ],
  },
  'dag-late-untold': {
    rule: 'dag',
    what: 'nobody is told of a deadline that was missed',
    seeds: 8,
    caught: /a missed deadline is not told once/,
    dags: true,
    plant: { scenario },
    patches: [{ file: 'src/machines/dag/deadlines.ts', find: 'if (job === undefined) return []', replace: 'return []' }],
  },
  'dag-rerun-forgets': {
    rule: 'dag',
    what: 'a task that runs again is not given what one that is kept gave',
    seeds: 8,
    caught: /gave something else than its tasks|a DAG whose task failed|runs are stuck/,
    dags: true,
    plant: { scenario },
    patches: [{ file: 'src/machines/dag/rerun.ts', find: 'if (isNeeded) outputs.push(need)', replace: '' }],
  },
  'dag-signal-lost': {
    rule: 'dag',
    what: 'a signal that came before its task began is taken, and not given',
    seeds: 8,
    caught: /nobody was told/,
    dags: true,
    plant: { scenario },
    patches: [{ file: 'src/machines/dag/follow.ts', find: 'if (given !== undefined) this.messages', replace: 'if (given === null) this.messages' }],
  },
  'dag-signal-any': {
    rule: 'dag',
    what: 'a signal goes to whoever waits for one, whatever its name',
    seeds: 8,
    caught: /was given the signal of another|a wait ended before|nobody was told/,
    dags: true,
    plant: { scenario },
    patches: [{ file: 'src/machines/dag/waits.ts', find: 'signal === name && !given', replace: 'signal !== undefined && !given' }],
  },
  'dag-memo-any': {
    rule: 'dag',
    what: 'a result is taken that was kept under another key',
    seeds: 8,
    caught: /one of another key/,
    dags: true,
    plant: { scenario },
    patches: [{ file: 'src/machines/memo/machine.ts', find: 'entry.key === key && (ttlMs', replace: '(ttlMs' }],
  },
  'dag-await-forgotten': {
    rule: 'dag',
    what: 'who waits for a run of another DAG is not told of its end',
    seeds: 8,
    caught: /nobody was told/,
    dags: true,
    plant: { scenario },
    patches: [
      {
        file: 'src/machines/timeline/watch-state.ts',
        find: 'other.run !== run.run ? state : known(state, run, at)',
        replace: 'other.run !== run.run ? state : state',
      },
    ],
  },
  'dag-watchers-forgotten': {
    rule: 'dag',
    what: 'who waits for a run by its id is known in memory, and not in the row of that run',
    seeds: 8,
    caught: /had closed, and nobody was told/,
    dags: true,
    plant: { scenario },
    patches: [{ file: 'src/engine/actor.ts', find: 'actor.watchers = body.watchers ?? NO_KEEPERS', replace: '' }],
  },
}

function scenario(drawn: Scenario): void {
  Object.assign(drawn, { dags: true, rollbacks: false })
}
