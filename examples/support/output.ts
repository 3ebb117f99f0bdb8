import { join } from 'node:path'

/** Where examples put what they make. */
export const OUTPUT = process.env.MAINSPRING_EXAMPLES_OUTPUT ?? join(import.meta.dirname, '..', 'output')
