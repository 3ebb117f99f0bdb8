/** What this thread has computed so far, in ms: unlike the time on the wall, it does not grow with what else the machine does. */
export function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}
