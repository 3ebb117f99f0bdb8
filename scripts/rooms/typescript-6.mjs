// Gives dependency-cruiser the TypeScript of this folder: version 7 of the root has no JavaScript API to parse with.
import { createRequire, registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'

const require = createRequire(import.meta.url)

registerHooks({
  resolve(specifier, context, next) {
    if (!/^typescript(\/|$)/.test(specifier) || !/\/dependency-cruiser\//.test(context.parentURL ?? '')) return next(specifier, context)
    return { url: pathToFileURL(require.resolve(specifier)).href, shortCircuit: true }
  },
})
