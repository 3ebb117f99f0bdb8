/** `mainspring/testing`: jobs in tests, on virtual time and with crashes on demand. */
export type { CrashMoment } from './testing/crashing-store.ts'
export { TestEnvironment, type TestOptions, testEnvironment } from './testing/environment.ts'
export { everyCrash } from './testing/every-crash.ts'
