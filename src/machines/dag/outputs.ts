import type { Payload } from '../../core/run.ts'

/** Neighbours that are copied together when one of them changes. */
const PART = 128

/**
 * What tasks, or the items of one, gave, by their numbers. It never changes: with one more it is another, which shares all but a part of the first, so that ten
 * thousand outputs are not copied for each of them. As JSON it is a record.
 */
export class Outputs {
  static readonly NONE = new Outputs([], 0)
  private readonly parts: readonly (readonly (Payload | undefined)[] | undefined)[]
  /** Characters of all of them. */
  readonly length: number

  private constructor(parts: Outputs['parts'], length: number) {
    this.parts = parts
    this.length = length
  }

  /** Of a snapshot, or a list. */
  static of(record: Readonly<Record<number, Payload>>): Outputs {
    const parts: (Payload | undefined)[][] = []
    let length = 0
    for (const [key, output] of Object.entries(record)) {
      const n = Number(key)
      const at = Math.floor(n / PART)
      parts[at] ??= []
      parts[at][n % PART] = output
      length += output.length
    }
    return new Outputs(parts, length)
  }

  get(n: number): Payload | undefined {
    return this.parts[Math.floor(n / PART)]?.[n % PART]
  }

  with(n: number, output: Payload): Outputs {
    return this.put(n, output, this.length - (this.get(n)?.length ?? 0) + output.length)
  }

  without(n: number): Outputs {
    const gone = this.get(n)
    return gone === undefined ? this : this.put(n, undefined, this.length - gone.length)
  }

  /** In the order of their numbers. */
  values(): Payload[] {
    return this.parts.flatMap(part => part?.filter(output => output !== undefined) ?? [])
  }

  toJSON(): Record<number, Payload> {
    const record: Record<number, Payload> = {}
    for (const [at, part] of this.parts.entries())
      for (const [within, output] of (part ?? []).entries()) if (output !== undefined) record[at * PART + within] = output
    return record
  }

  private put(n: number, output: Payload | undefined, length: number): Outputs {
    const at = Math.floor(n / PART)
    const parts = this.parts.slice()
    const part = parts[at]?.slice() ?? []
    part[n % PART] = output
    parts[at] = part
    return new Outputs(parts, length)
  }
}
