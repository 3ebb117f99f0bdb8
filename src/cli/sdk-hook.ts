import { registerHooks } from 'node:module'

/**
 * A job file imports `@mainspring/sdk`. Where the project has not installed it (`npx mainspring dev` in an empty folder), the one that came with this
 * command is taken; an installed one always wins.
 */
export function provideSdk(): void {
  registerHooks({
    resolve(specifier, context, nextResolve) {
      try {
        return nextResolve(specifier, context)
      } catch (error) {
        if (!OURS.test(specifier)) throw error
        return nextResolve(specifier, { ...context, parentURL: import.meta.url })
      }
    },
  })
}

const OURS = /^(@mainspring\/sdk|mainspring)(\/|$)/
