import { executeChild, proxyActivities } from '@temporalio/workflow'

const { step } = proxyActivities<{ step(): Promise<string> }>({ startToCloseTimeout: '1m' })

export async function five(): Promise<string> {
  for (let n = 1; n <= 5; n++) await step()
  return 'done'
}

export const one = (): Promise<string> => step()

export const child = async (_: number): Promise<string> => 'ok'

export async function fan(count: number): Promise<number> {
  const all = Array.from({ length: count }, (_, n) => executeChild(child, { args: [n] }))
  return (await Promise.all(all)).length
}
