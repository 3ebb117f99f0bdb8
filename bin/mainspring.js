#!/usr/bin/env node
// Must parse on any Node that knows modules: it says in one line what is needed, before anything is imported that needs it.
const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  console.error(`mainspring needs Node 24 or newer; this is ${process.version} (${process.execPath}).  [node-too-old]`)
  process.exitCode = 2
} else {
  // Sources in a checkout, JavaScript in a published package: Node strips no types under node_modules.
  import('node:fs')
    .then(fs => {
      const source = new URL('../src/cli/main.ts', import.meta.url)
      return import(fs.existsSync(source) ? source.href : new URL('../dist/cli/main.js', import.meta.url).href)
    })
    .then(cli => cli.main(process.argv.slice(2)))
    .then(code => {
      process.exitCode = code
    })
}
