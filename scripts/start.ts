// `npm start`: the console is built when it has to be, then `mainspring dev` on the examples; arguments behind `--` are those of `dev`.
import { buildConsole } from './console.ts'

if (await buildConsole()) console.error('built the console')
process.argv.splice(2, 0, 'dev', '--dir', 'examples')
await import('../src/cli/main.ts')
