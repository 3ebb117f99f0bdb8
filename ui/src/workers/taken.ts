import type { DefinitionRow, Worker } from '../api/work.ts'

/** What a worker has of something, and how much of that its runs take. */
export interface Taken {
  name: string
  used: number
  of: number
}

/** By the costs that definitions have now: a run takes one slot unless its definition says otherwise. */
export function takenOf({ running, slots, units }: Worker, definitions: readonly DefinitionRow[]): { slots: Taken; units: Taken[] } {
  const costs = new Map(definitions.map(({ name, options }) => [name, options.cost]))
  const take = (unit: string): number =>
    running.reduce((sum, { definition }) => {
      const cost = costs.get(definition)
      if (typeof cost === 'object') return sum + (cost[unit] ?? (unit === 'slots' ? 1 : 0))
      return sum + (unit === 'slots' ? (cost ?? 1) : 0)
    }, 0)
  return {
    slots: { name: 'slots', used: take('slots'), of: slots },
    units: Object.entries(units).map(([name, of]) => ({ name, used: take(name), of })),
  }
}
