import { buildConsole } from '../../scripts/console.ts'

/** The console that a node serves is built of what is there now. */
export async function setup(): Promise<void> {
  await buildConsole()
}
