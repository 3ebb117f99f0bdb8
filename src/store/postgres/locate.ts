import { StoreRefused } from '../store.ts'

const DEFAULT_SCHEMA = 'mainspring'

/** `schema` is ours: the driver does not know it. @throws StoreRefused */
export function locate(url: string): { connectionString: string; schema: string } {
  const [address, query = ''] = url.split('?', 2) as [string, string?]
  if (!/^postgres(ql)?:\/\//.test(address)) throw new StoreRefused('The URL of a PostgreSQL database begins with postgres:// or postgresql://.')
  const parameters = new URLSearchParams(query)
  const schema = parameters.get('schema') ?? DEFAULT_SCHEMA
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema))
    throw new StoreRefused(`"${schema}" is no name for a schema: it has small letters, digits and underscores, at most 63, and begins with no digit.`)
  parameters.delete('schema')
  return { connectionString: parameters.size === 0 ? address : `${address}?${parameters}`, schema }
}
