import { isBuiltin } from 'node:module'
import { isFunction, nameOf, type Scope, scopeOf, type Tree, treeOf, walk } from './syntax.ts'

export interface Finding {
  /** file:line:column */
  place: string
  code: 'clock' | 'randomness' | 'io' | 'floating-promise'
  title: string
  hint: string
}

/**
 * What in the functions of a file's workflows is not the same when they are called again: clocks, randomness, I/O, and promises that nobody waits for. Looked at are the functions
 * that `workflow()` is given, and those of the file that they call; not what they hand to `ctx.run` and `ctx.compensate`, which runs once. It knows names, not types: what
 * hides behind an import is told where it is awaited.
 * @throws Refusal `file-mistake`: it cannot be read
 */
export function checkWorkflows(text: string, shown: string): Finding[] {
  const tree = treeOf(text, shown)
  const scope = scopeOf(tree)
  const findings = new Map<string, Finding>()
  const seen = new Set<Tree>()
  const look = (fn: Tree, context: Context): void => {
    if (seen.has(fn)) return
    seen.add(fn)
    new Look(scope, context, ({ loc }, what) => {
      const place = `${shown}:${loc?.start.line}:${(loc?.start.column ?? 0) + 1}`
      findings.set(place, { place, ...what })
    }).at(fn.body, look)
  }
  walk(tree, node => {
    if (node.type === 'CallExpression' && node.callee.type === 'Identifier' && isWorkflow(scope, node.callee.name)) {
      const last = (node.arguments as Tree[]).at(-1) as Tree | undefined
      const fn = last?.type === 'Identifier' ? scope.functions.get(last.name) : last
      if (fn !== undefined && isFunction(fn)) look(fn, contextOf(fn.params[1]))
    }
    return true
  })
  return [...findings.values()]
}

function isWorkflow({ imports }: Scope, name: string): boolean {
  const imported = imports.get(name)
  return imported?.from === '@mainspring/sdk' && imported.name === 'workflow'
}

/** How a function calls its `ctx`: by one name, or each method by its own. */
interface Context {
  name: string | null
  methods: Map<string, string>
}

function contextOf(parameter: Tree | undefined): Context {
  if (parameter?.type === 'Identifier') return { name: parameter.name, methods: new Map() }
  const properties: Tree[] = parameter?.type === 'ObjectPattern' ? parameter.properties : []
  const methods = properties.filter(({ type, value }) => type === 'Property' && value.type === 'Identifier')
  return { name: null, methods: new Map(methods.map(({ key, value }) => [value.name, key.name])) }
}

type What = Omit<Finding, 'place'>
const CLOCK: What = {
  code: 'clock',
  title: 'This is another time when the code is replayed.',
  hint: 'ctx.now() is the same; ctx.run(name, fn) keeps what fn gives.',
}
const TIMER: What = { code: 'clock', title: 'A crash forgets this timer.', hint: "ctx.sleep('30d') is kept." }
const RANDOM: What = {
  code: 'randomness',
  title: 'This is another value when the code is replayed.',
  hint: 'ctx.random() and ctx.uuid() are the same.',
}
const IO: What = {
  code: 'io',
  title: 'This is done again whenever the code is replayed.',
  hint: "Do it in a step, which runs once: ctx.run('name', () => …).",
}
const LOG: What = { code: 'io', title: 'This line is written again whenever the code is replayed.', hint: 'ctx.log writes it once.' }
const UNKNOWN: What = {
  code: 'io',
  title: 'What this gives is not kept.',
  hint: "Await it in a step: ctx.run('name', () => …). If it only uses ctx, hand ctx to it.",
}
const FLOATING: What = {
  code: 'floating-promise',
  title: 'Nobody waits for this: it may not even begin, and its error is lost.',
  hint: 'await it, or keep it for Promise.all; ctx.start begins what goes on by itself.',
}

const CALLS: Readonly<Record<string, What>> = {
  'Date.now': CLOCK,
  Date: CLOCK,
  'performance.now': CLOCK,
  'process.hrtime': CLOCK,
  'process.hrtime.bigint': CLOCK,
  'process.uptime': CLOCK,
  setTimeout: TIMER,
  setInterval: TIMER,
  setImmediate: TIMER,
  'AbortSignal.timeout': TIMER,
  'Math.random': RANDOM,
  'crypto.randomUUID': RANDOM,
  'crypto.getRandomValues': RANDOM,
  fetch: IO,
}
const CREATED: Readonly<Record<string, What>> = { WebSocket: IO, EventSource: IO, XMLHttpRequest: IO, BroadcastChannel: IO }
/** Built into Node, and the same for the same arguments. */
const PURE_MODULES = new Set([
  'assert',
  'assert/strict',
  'buffer',
  'path',
  'path/posix',
  'path/win32',
  'querystring',
  'string_decoder',
  'url',
  'util',
])
const RANDOM_OF_CRYPTO = /^(random|generate|getRandom)/
/** Methods of `ctx` that give a promise. */
const PROMISED = new Set([
  'run',
  'sleep',
  'sleepUntil',
  'waitFor',
  'call',
  'start',
  'all',
  'race',
  'any',
  'scope',
  'shielded',
  'until',
  'lock',
  'promise',
])

/** Looks at the body of one function. */
class Look {
  readonly #scope: Scope
  readonly #context: Context
  readonly #report: (node: Tree, what: What) => void

  constructor(scope: Scope, context: Context, report: (node: Tree, what: What) => void) {
    this.#scope = scope
    this.#context = context
    this.#report = report
  }

  at(body: Tree, follow: (fn: Tree, context: Context) => void): void {
    walk(body, node => {
      switch (node.type) {
        case 'CallExpression':
          return this.#call(node, follow)
        case 'NewExpression':
          this.#created(node)
          return true
        case 'ExpressionStatement':
          this.#statement(node.expression)
          return true
        case 'AwaitExpression':
          this.#awaited(node.argument)
          return true
        case 'MemberExpression':
          if (nameOf(node) === 'process.env' && this.#isGlobal('process')) this.#report(node, IO)
          return true
        default:
          return true
      }
    })
  }

  #call(node: Tree, follow: (fn: Tree, context: Context) => void): boolean {
    const method = this.#method(node.callee)
    // What a step runs is not replayed.
    if (method === 'run' || method === 'compensate') {
      for (const argument of (node.arguments as Tree[]).filter(argument => !isFunction(argument))) this.at(argument, follow)
      return false
    }
    const name = nameOf(node.callee)
    if (name !== null && method === null) this.#named(node, name)
    const local = node.callee.type === 'Identifier' ? this.#scope.functions.get(node.callee.name) : undefined
    if (local !== undefined) follow(local, this.#handedTo(local, node.arguments))
    return true
  }

  #named(node: Tree, name: string): void {
    const [root = ''] = name.split('.')
    const imported = this.#scope.imports.get(root)
    if (imported !== undefined) return this.#imported(node, name, imported)
    if (!this.#isGlobal(root)) return
    const global = name.replace(/^globalThis\./, '')
    const what = Object.hasOwn(CALLS, global) ? CALLS[global] : global.startsWith('console.') ? LOG : undefined
    if (what !== undefined) this.#report(node, what)
  }

  #imported(node: Tree, name: string, { from, name: original }: { from: string; name: string }): void {
    if (!isBuiltin(from)) return
    const module = from.replace(/^node:/, '')
    const called = original === '*' ? (name.split('.')[1] ?? '') : original
    if (PURE_MODULES.has(module)) return
    if (module === 'crypto') {
      if (RANDOM_OF_CRYPTO.test(called)) this.#report(node, RANDOM)
    } else this.#report(node, module.startsWith('timers') ? TIMER : module === 'perf_hooks' ? CLOCK : IO)
  }

  #created(node: Tree): void {
    const name = nameOf(node.callee)
    if (name === null || !this.#isGlobal(name)) return
    if (name === 'Date' && node.arguments.length === 0) this.#report(node, CLOCK)
    const what = Object.hasOwn(CREATED, name) ? CREATED[name] : undefined
    if (what !== undefined) this.#report(node, what)
  }

  #statement(expression: Tree): void {
    const node = expression.type === 'UnaryExpression' && expression.operator === 'void' ? (expression.argument as Tree) : expression
    if (node.type !== 'CallExpression') return
    const method = this.#method(node.callee)
    if (method !== null && PROMISED.has(method)) this.#report(node, FLOATING)
    const [each] = node.arguments as (Tree | undefined)[]
    if (node.callee.type === 'MemberExpression' && node.callee.property.name === 'forEach' && isFunction(each) && each?.async)
      this.#report(node, FLOATING)
    const local = node.callee.type === 'Identifier' ? this.#scope.functions.get(node.callee.name) : undefined
    if (local?.async && this.#handsOn(node.arguments)) this.#report(node, FLOATING)
  }

  #awaited(node: Tree): void {
    if (node?.type !== 'CallExpression') return
    const name = nameOf(node.callee)
    const imported = name === null ? undefined : this.#scope.imports.get(name.split('.')[0] as string)
    if (imported === undefined || isBuiltin(imported.from) || this.#method(node.callee) !== null || this.#handsOn(node.arguments)) return
    this.#report(node, UNKNOWN)
  }

  /** Which method of `ctx` it is; null: none. */
  #method(callee: Tree): string | null {
    const { name, methods } = this.#context
    if (callee.type === 'Identifier') return methods.get(callee.name) ?? null
    const full = nameOf(callee)
    return full !== null && name !== null && full.startsWith(`${name}.`) ? full.slice(name.length + 1) : null
  }

  /** It is given `ctx`. */
  #handsOn(given: readonly Tree[]): boolean {
    return given.some(argument => argument.type === 'Identifier' && argument.name === this.#context.name)
  }

  #handedTo(fn: Tree, given: readonly Tree[]): Context {
    const at = given.findIndex(argument => argument.type === 'Identifier' && argument.name === this.#context.name)
    return at < 0 ? { name: null, methods: new Map() } : contextOf(fn.params[at])
  }

  #isGlobal(name: string): boolean {
    return !this.#scope.declared.has(name) && !this.#scope.imports.has(name)
  }
}
