/** So many calls, `inFlight` at a time: how long each took, and all of them, in milliseconds. */
export async function closedLoop(count: number, inFlight: number, act: () => Promise<unknown>): Promise<{ tookMs: number; latencies: number[] }> {
  const latencies: number[] = []
  let left = count
  const caller = async (): Promise<void> => {
    while (left-- > 0) {
      const from = performance.now()
      await act()
      latencies.push(performance.now() - from)
    }
  }
  const from = performance.now()
  await Promise.all(Array.from({ length: inFlight }, caller))
  return { tookMs: performance.now() - from, latencies }
}
