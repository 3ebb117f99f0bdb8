import { DBOS } from '@dbos-inc/dbos-sdk'
import { type FlowPeer, step, type Workflow } from './flow-peer.ts'

/**
 * https://docs.dbos.dev: a library in the process that calls, so nothing is between them; a workflow that is not queued begins at once. Of pools of 10 (the default), 20 and
 * 50 connections 20 did best. Logs are for errors alone, and nothing is traced.
 */
const POOL = 20

const child = DBOS.registerWorkflow(async (_: number) => 'ok', { name: 'child' })

const WORKFLOWS: Record<Workflow, (input: number) => Promise<unknown>> = {
  five: DBOS.registerWorkflow(
    async (_: number) => {
      for (let n = 1; n <= 5; n++) await DBOS.runStep(step, { name: 'step' })
      return 'done'
    },
    { name: 'five' },
  ),
  one: DBOS.registerWorkflow(async (_: number) => DBOS.runStep(step, { name: 'step' }), { name: 'one' }),
  fan: DBOS.registerWorkflow(
    async (children: number) => {
      const handles = []
      for (let n = 0; n < children; n++) handles.push(await DBOS.startWorkflow(child)(n))
      return (await Promise.all(handles.map(handle => handle.getResult()))).length
    },
    { name: 'fan' },
  ),
}

export async function open(url: string): Promise<FlowPeer> {
  DBOS.setConfig({
    name: 'bench',
    systemDatabaseUrl: url,
    systemDatabasePoolSize: POOL,
    executorID: `bench-${process.pid}`,
    logLevel: 'error',
    tracingEnabled: false,
  })
  await DBOS.launch()
  return {
    serve: async () => {},
    call: (what, input) => {
      const run = WORKFLOWS[what] // as a method it would be one of an instance
      return run(input)
    },
  }
}
