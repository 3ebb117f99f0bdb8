/** `mainspring/testing`: jobs in tests, on virtual time and with crashes on demand. */
export { type RecordedRun, type Replayed, replay } from '@mainspring/sdk'
export type { CrashMoment } from './testing/crashing-store.ts'
export { TestEnvironment, type TestOptions, testEnvironment } from './testing/environment.ts'
export { everyCrash } from './testing/every-crash.ts'
export { type CrashPointOptions, everyCrashPoint } from './testing/every-crash-point.ts'
