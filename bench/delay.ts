// Loaded into the server before anything else: measures how late its event loop is, and tells the bench when asked.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'

/** Milliseconds between two looks, which are part of what is measured. */
const RESOLUTION_MS = 1

if (isMainThread && process.send) {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  process.on('message', (word: 'reset' | 'read') => {
    if (word === 'reset') delay.reset()
    process.send?.({ p999: delay.percentile(99.9) / 1e6 - RESOLUTION_MS, max: delay.max / 1e6 - RESOLUTION_MS })
  })
  process.channel?.unref()
}
