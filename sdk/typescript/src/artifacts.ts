import * as check from './checks.ts'
import type { WireArtifactPut } from './wire-artifacts.ts'

/**
 * What a run leaves behind to be looked at, on its page in the console and by `mainspring artifacts RUN`. Each has a name; writing one again, in this attempt or the next,
 * replaces it. Resolves when it is kept; what is not awaited is kept before the run's end is.
 */
export interface Artifacts {
  /** Rows as objects, whose names become columns, or columns and rows. Up to 240,000 bytes of JSON. */
  table(name: string, rows: readonly Readonly<Record<string, unknown>>[] | Table, options?: ArtifactOptions): Promise<void>
  /** Markdown; what is HTML in it stands there as text. Up to 240,000 bytes. */
  markdown(name: string, text: string, options?: ArtifactOptions): Promise<void>
  /** Up to 360,000 bytes. */
  image(name: string, bytes: Uint8Array, type: ImageType, options?: ArtifactOptions): Promise<void>
  /** An address of `http:` or `https:`. */
  link(name: string, url: string, options?: ArtifactOptions): Promise<void>
}
export interface Table {
  columns: readonly string[]
  rows: readonly (readonly unknown[])[]
}
export interface ArtifactOptions {
  /** Shown over it; default its name. */
  title?: string
}
export type ImageType = 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp'

export function artifactsTo(put: (artifact: WireArtifactPut) => Promise<void>): Artifacts {
  const said = (name: string, { title }: ArtifactOptions = {}) => {
    check.name(name, '/name')
    return { name, ...(title !== undefined && { title }) }
  }
  return {
    table: (name, rows, options) => put({ ...said(name, options), kind: 'table', value: tableOf(rows) }),
    markdown: (name, text, options) => put({ ...said(name, options), kind: 'markdown', value: String(text) }),
    image: (name, bytes, type, options) =>
      put({ ...said(name, options), kind: 'image', type, value: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64') }),
    link: (name, url, options) => put({ ...said(name, options), kind: 'link', value: String(url) }),
  }
}

function tableOf(rows: Parameters<Artifacts['table']>[1]): Table {
  if (!Array.isArray(rows)) return rows as Table
  const columns = new Set<string>()
  for (const [index, row] of rows.entries()) {
    if (typeof row !== 'object' || row === null) check.refuse(row, `/rows/${index}`, 'an object: its names are columns', 'This is no row')
    for (const name of Object.keys(row)) columns.add(name)
  }
  return { columns: [...columns], rows: rows.map(row => [...columns].map(name => row[name] ?? null)) }
}
