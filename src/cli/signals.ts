const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Resolves with the first signal that asks to stop; the second one ends the process at once, whatever it waits for. */
export function onceSignalled(): Promise<NodeJS.Signals> {
  return new Promise(resolve => {
    let first = true
    const handle = (signal: NodeJS.Signals): void => {
      if (!first) process.exit(SECOND_SIGNAL)
      first = false
      resolve(signal)
    }
    for (const signal of SIGNALS) process.on(signal, handle)
  })
}

/** What shells show for a process that was interrupted. */
const SECOND_SIGNAL = 130
