import { ledger } from '../integration/support/ledger.ts'
import type { World } from './world.ts'

/** Every nominal time is in the ledger once, in order, with a run of its own (P4). */
export async function checkSchedules(world: World, until: number): Promise<{ times: number; wrong: string[] }> {
  const wrong: string[] = []
  const runs = new Set<string>()
  let times = 0
  const { server } = world.place(0)
  for (const name of world.schedules) {
    const lines = (await ledger(server, name)).filter(({ source }) => source === 'time').sort((a, b) => a.n - b.n)
    const first = Date.parse(lines[0]?.at ?? '')
    lines.forEach((line, second) => {
      const due = new Date(first + second * 1_000).toISOString()
      const isStarted = line.account === 'fired' || line.account === 'recovered'
      if (line.at !== due || line.count !== 1 || !isStarted) wrong.push(`${name}: ${due} expected, found ${JSON.stringify(line)}`)
      if (line.run !== null && runs.size === runs.add(line.run).size) wrong.push(`${name}: ${line.run} is of two times`)
    })
    if (!(first <= world.begunAt + 1_000)) wrong.push(`${name}: the first time is ${lines[0]?.at}`)
    if (!(Date.parse(lines.at(-1)?.at ?? '') >= until - 1_000)) wrong.push(`${name}: the last time is ${lines.at(-1)?.at}`)
    times += lines.length
  }
  return { times, wrong }
}
