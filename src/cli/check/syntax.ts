import { stripTypeScriptTypes } from 'node:module'
import { type Node, parse } from 'acorn'
import { Refusal } from '../../server/refusal.ts'

/** A node of the ESTree, with whatever members its type has. */
export interface Tree extends Node {
  // biome-ignore lint/suspicious/noExplicitAny: each type of node has members of its own
  [member: string]: any
}

/** A file of JavaScript or TypeScript. Types give way to spaces, so that places stay where they are. @throws Refusal `file-mistake` with the place */
export function treeOf(text: string, shown: string): Tree {
  try {
    const code = /\.m?js$/.test(shown) ? text : stripTypeScriptTypes(text)
    return parse(code, { ecmaVersion: 'latest', sourceType: 'module', locations: true, allowHashBang: true }) as Tree
  } catch (error) {
    const { loc, message } = error as Error & { loc?: { line: number; column: number } }
    throw new Refusal({
      code: 'file-mistake',
      place: loc === undefined ? shown : `${shown}:${loc.line}:${loc.column + 1}`,
      title: message.replace(/ \(\d+:\d+\)$/, ''),
    })
  }
}

/** Visits a node and all below it; what `visit` answers false for is not looked into. */
export function walk(node: unknown, visit: (node: Tree) => boolean | undefined): void {
  if (Array.isArray(node)) for (const one of node) walk(one, visit)
  else if (typeof node === 'object' && node !== null && typeof (node as Tree).type === 'string') {
    if (visit(node as Tree) === false) return
    for (const member in node) if (member !== 'loc' && member !== 'type') walk((node as Tree)[member], visit)
  }
}

/** `Date.now`, `crypto.randomUUID`: the names of a chain of members, as far as they are written out. Null: it begins with something else than a name. */
export function nameOf(node: Tree): string | null {
  if (node.type === 'Identifier') return node.name as string
  if (node.type === 'ChainExpression') return nameOf(node.expression)
  if (node.type !== 'MemberExpression' || node.computed) return null
  const object = nameOf(node.object)
  return object === null ? null : `${object}.${node.property.name}`
}

export function isFunction(node: Tree | undefined): boolean {
  return node?.type === 'ArrowFunctionExpression' || node?.type === 'FunctionExpression' || node?.type === 'FunctionDeclaration'
}

export interface Scope {
  /** Where each imported name comes from. */
  imports: Map<string, { from: string; name: string }>
  /** Functions by their names. */
  functions: Map<string, Tree>
  /** All names that the file declares, wherever: they are not the global ones. */
  declared: Set<string>
}

export function scopeOf(tree: Tree): Scope {
  const scope: Scope = { imports: new Map(), functions: new Map(), declared: new Set() }
  walk(tree, node => {
    if (node.type === 'ImportDeclaration') {
      for (const specifier of node.specifiers as Tree[]) {
        const name = specifier.type === 'ImportSpecifier' ? specifier.imported.name : '*'
        scope.imports.set(specifier.local.name, { from: node.source.value, name })
      }
      return false
    }
    if (node.type === 'VariableDeclarator') {
      for (const name of namesIn(node.id)) scope.declared.add(name)
      if (node.id.type === 'Identifier' && isFunction(node.init)) scope.functions.set(node.id.name, node.init)
    }
    if (isFunction(node) || node.type === 'ClassDeclaration') {
      if (node.id != null) scope.declared.add(node.id.name)
      if (node.type === 'FunctionDeclaration' && node.id != null) scope.functions.set(node.id.name, node)
      for (const parameter of node.params ?? []) for (const name of namesIn(parameter)) scope.declared.add(name)
    }
    return true
  })
  return scope
}

function namesIn(pattern: Tree | null): string[] {
  if (pattern === null) return []
  switch (pattern.type) {
    case 'Identifier':
      return [pattern.name]
    case 'ObjectPattern':
      return (pattern.properties as Tree[]).flatMap(property => namesIn(property.type === 'RestElement' ? property.argument : property.value))
    case 'ArrayPattern':
      return (pattern.elements as (Tree | null)[]).flatMap(namesIn)
    case 'AssignmentPattern':
      return namesIn(pattern.left)
    case 'RestElement':
      return namesIn(pattern.argument)
    default:
      return []
  }
}
