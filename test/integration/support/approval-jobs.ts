// DAGs of the tests in this folder that wait for persons, and what waits for their asset.
import { type DagBuilder, dag } from '@mainspring/sdk'
import { writeLine } from './records.ts'

export const ASSET = 's3://releases'
const retry = { attempts: 60, initial: 20, factor: 1.2, maximum: 500 }

/** What a task writes down when it starts. */
export interface ReleaseMark {
  run: string
  task: string
  n: number
}

const mark = (run: string, task: string, n: number) => writeLine(process.env.TEST_RECORDS as string, { run, task, n } satisfies ReleaseMark)

/** A person answers. */
export const release = dag('release', { version: '1' }, (d: DagBuilder<number>) => {
  const built = d.task('build', { retry }, async (n, ctx) => {
    mark(ctx.dag.run, 'build', n)
    return n
  })
  const signed = d.approval('sign', { subject: 'Publish?', after: built })
  return d.task('ship', { after: [built, signed], retry, outlets: [ASSET] }, async ([n, answer], ctx) => {
    mark(ctx.dag.run, 'ship', n)
    return { n, by: answer.by }
  })
})

/** Nobody answers: its deadline does. */
export const hotfix = dag('hotfix', { version: '1' }, (d: DagBuilder<number>) => {
  const signed = d.approval('sign', { subject: 'Publish at once?', deadline: '300ms', default: 'approve' })
  return d.task('ship', { after: [d.input, signed], retry, outlets: [ASSET] }, async ([n, answer], ctx) => {
    mark(ctx.dag.run, 'ship', n)
    return { n, by: answer.by }
  })
})

/** What a schedule starts for new events of the asset. */
export const publish = dag('publish', { version: '1' }, d => {
  d.task('tell', { retry }, async (_, ctx) => mark(ctx.dag.run, 'tell', 0))
})
