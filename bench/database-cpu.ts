import { readFileSync } from 'node:fs'
import type pg from 'pg'

/** CPU that the connections of this name have used, in milliseconds: of a database on this machine, which the kernel counts in hundredths of a second. */
export async function databaseCpuMs(client: pg.Client, where: string, value: string): Promise<number> {
  const { rows } = await client.query<{ pid: number }>(`select pid from pg_stat_activity where ${where} = $1`, [value])
  const ticks = rows.map(({ pid }) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
    return Number(fields[11]) + Number(fields[12])
  })
  return 10 * ticks.reduce((sum, each) => sum + each, 0)
}
