// Gives dependency-cruiser the TypeScript of this folder: version 7 of the root has no JavaScript API to parse with.
import { createRequire, registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'

const require = createRequire(import.meta.url)
const { version } = require('typescript/package.json')
// With that of the root nothing is parsed, and all is well.
if (!version.startsWith('6.')) throw new Error(`The rooms are read with TypeScript 6, and ${version} was found: run npm ci in the project's folder.`)

registerHooks({
  resolve(specifier, context, next) {
    if (!/^typescript(\/|$)/.test(specifier) || !/\/dependency-cruiser\//.test(context.parentURL ?? '')) return next(specifier, context)
    return { url: pathToFileURL(require.resolve(specifier)).href, shortCircuit: true }
  },
})
