import { existsSync, readFileSync } from 'node:fs'
import { isMap, isScalar, LineCounter, parseDocument } from 'yaml'
import { connectionFrom, type VariableOptions } from '../api/variables/sources.ts'
import { type SecretKey, secretKeyOf } from '../api/variables/vault.ts'
import type { Connection } from '../core/connection.ts'
import type { Config } from './config.ts'
import { Refusal } from './refusal.ts'

export type VariableSettings = Partial<Pick<Config['settings'], 'secretKey' | 'variables'>>

export { newSecretKey } from '../api/variables/vault.ts'

/** Where a node finds variables and connections beside its database, and its keys. @throws Refusal */
export function variableOptions({ secretKey = null, variables = null }: VariableSettings): VariableOptions {
  return {
    environment: process.env,
    keys: secretKey === null ? [] : keysOf(secretKey),
    ...(variables !== null && { file: readVariables(variables) }),
  }
}

/** The newest first, separated by commas or lines; `file:PATH` is read. */
function keysOf(text: string): SecretKey[] {
  const path = text.startsWith('file:') ? text.slice('file:'.length) : null
  if (path !== null && !existsSync(path))
    throw new Refusal({ code: 'config-missing', place: path, title: 'There is no such file: expected that of the secret keys.' })
  const whole = path === null ? text : readFileSync(path, 'utf8')
  const keys = whole.split(/[\s,]+/).filter(one => one !== '')
  return keys.map((one, n) => {
    const key = secretKeyOf(one)
    if (key !== null) return key
    throw new Refusal({
      code: 'config-invalid',
      place: path ?? 'secretKey',
      title: `Key ${n + 1} of ${keys.length} is none.`,
      hint: 'A key is made by `mainspring secret key`: 43 characters.',
    })
  })
}

/** YAML, or JSON: `variables: { name: value }`, `connections: { name: uri, or { type, host, … } }`. */
function readVariables(path: string): NonNullable<VariableOptions['file']> {
  if (!existsSync(path)) throw new Refusal({ code: 'config-missing', place: path, title: 'There is no such file: expected that of variables.' })
  const lines = new LineCounter()
  const document = parseDocument(readFileSync(path, 'utf8'), { lineCounter: lines, prettyErrors: false })
  const refused = (offset: number, title: string): Refusal => {
    const { line, col } = lines.linePos(offset)
    return new Refusal({ code: 'variables-invalid', place: `${path}:${line}:${col}`, title })
  }
  const [mistake] = document.errors
  if (mistake) throw refused(mistake.pos[0], `This is not valid YAML: ${mistake.message}`)
  const file = { variables: {} as Record<string, unknown>, connections: {} as Record<string, Connection> }
  if (document.contents === null) return file
  if (!isMap(document.contents)) throw refused(0, 'Expected variables: and connections:, with names and values below.')
  for (const { key, value } of document.contents.items) {
    const word = isScalar(key) ? String(key.value) : ''
    const at = (isScalar(key) && key.range?.[0]) || 0
    if (word !== 'variables' && word !== 'connections') throw refused(at, `Found ${JSON.stringify(word)}, expected variables or connections.`)
    if (value === null || (isScalar(value) && value.value === null)) continue
    if (!isMap(value)) throw refused(at, `${word}: expected names, with values below them.`)
    for (const item of value.items) {
      const name = isScalar(item.key) ? String(item.key.value) : ''
      const given: unknown = (item.value as { toJSON(): unknown } | null)?.toJSON() ?? null
      if (word === 'variables') file.variables[name] = given
      else {
        const connection = connectionFrom(typeof given === 'string' ? given : JSON.stringify(given))
        if (connection === null)
          throw refused((isScalar(item.key) && item.key.range?.[0]) || 0, `connection ${name}: expected an address, or type, host and other fields.`)
        file.connections[name] = connection
      }
    }
  }
  return file
}
