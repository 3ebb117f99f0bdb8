/** Imported before the tests of a project: see verbs-test.ts. */
import { provideSdk } from './sdk-hook.ts'

provideSdk()
