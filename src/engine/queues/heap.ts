/** Where an item stands in its heap; -1: in none. */
export interface Placed {
  heapIndex: number
}

/** A binary heap whose items know their place, so that one can leave or move from the middle. */
export class Heap<T extends Placed> {
  private readonly items: T[] = []
  private readonly before: (a: T, b: T) => boolean

  constructor(before: (a: T, b: T) => boolean) {
    this.before = before
  }

  get size(): number {
    return this.items.length
  }

  peek(): T | undefined {
    return this.items[0]
  }

  push(item: T): void {
    item.heapIndex = this.items.length
    this.items.push(item)
    this.rise(item)
  }

  remove(item: T): void {
    const last = this.items.pop() as T
    const index = item.heapIndex
    item.heapIndex = -1
    if (last === item) return
    this.items[index] = last
    last.heapIndex = index
    this.moved(last)
  }

  /** Its key has changed. */
  moved(item: T): void {
    this.rise(item)
    this.sink(item)
  }

  private rise(item: T): void {
    const { items, before } = this
    let at = item.heapIndex
    while (at > 0) {
      const parent = items[(at - 1) >> 1] as T
      if (!before(item, parent)) break
      items[at] = parent
      parent.heapIndex = at
      at = (at - 1) >> 1
    }
    items[at] = item
    item.heapIndex = at
  }

  private sink(item: T): void {
    const { items, before } = this
    let at = item.heapIndex
    for (;;) {
      let child = 2 * at + 1
      if (child >= items.length) break
      if (child + 1 < items.length && before(items[child + 1] as T, items[child] as T)) child++
      const next = items[child] as T
      if (!before(next, item)) break
      items[at] = next
      next.heapIndex = at
      at = child
    }
    items[at] = item
    item.heapIndex = at
  }
}
