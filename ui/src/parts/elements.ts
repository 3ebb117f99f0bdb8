import { useLayoutEffect, useRef } from 'react'

/** A row's element, as a key. */
export type Elements = ReadonlyMap<string, number>

/**
 * Which element each row is drawn in. A row keeps its own for as long as it is drawn. Where none of them stays, since more rows came on top than there is room
 * for, the new ones are drawn in the elements of those before, at half the cost of making others; not in that of `focused`, which would hand its focus on to
 * another row. Where some stay they would have to be moved for it, which costs as much as making new ones.
 */
export function elementsFor(rows: readonly string[], before: Elements, focused: string | null): Elements {
  const stays = rows.some(row => before.has(row))
  const free = stays ? [] : [...before].filter(([row]) => row !== focused).map(([, element]) => element)
  let last = Math.max(0, ...before.values())
  return new Map(rows.map(row => [row, before.get(row) ?? free.shift() ?? ++last]))
}

/** `elementsFor` what was drawn last. */
export function useElements(rows: readonly string[], focused: string | null): Elements {
  const before = useRef<Elements>(new Map())
  const elements = elementsFor(rows, before.current, focused)
  useLayoutEffect(() => {
    before.current = elements
  })
  return elements
}
