// `npm start`: the console is built when it has to be, then `mainspring dev` on the examples; arguments behind `--` are those of `dev`.
import { main } from '../src/cli/main.ts'
import { buildConsole } from './console.ts'

if (await buildConsole()) console.error('built the console')
process.exitCode = await main(['dev', '--dir', 'examples', ...process.argv.slice(2)])
