import { expect, test } from 'vitest'
import { crashOf } from './crash.ts'

// Node's words: src/node_errors.cc, OOMErrorHandler.
const FULL = 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n----- Native stack trace -----\n'

test.each([
  ['V8 has no room', { signal: 'SIGABRT', stderr: FULL }, 'out-of-memory', /heap is full \(64 MiB\)/],
  ['the kernel has killed while it ran', { signal: 'SIGKILL', oomKills: 1 }, 'out-of-memory', /kernel/],
  ['somebody has killed it', { signal: 'SIGKILL', oomKills: 0 }, 'process-crashed', /by SIGKILL/],
  ['somebody has killed it where nothing is counted', { signal: 'SIGKILL', oomKills: null }, 'process-crashed', /by SIGKILL/],
  ['it has ended while the kernel killed another', { code: 1, oomKills: 1 }, 'process-crashed', /exit code 1/],
  ['it has said why', { code: 1, stderr: 'a\nError: no such table\n' }, 'process-crashed', /exit code 1: a\nError: no such table$/],
  ['it speaks of memory only', { code: 1, stderr: 'the shop is out of memory cards' }, 'process-crashed', /memory cards/],
] as const)('%s', (_, exit, code, told) => {
  const error = crashOf({ code: null, signal: null, stderr: '', memoryMb: 64, oomKills: null, ...exit })
  expect(error).toMatchObject({ code, message: expect.stringMatching(told) })
})
