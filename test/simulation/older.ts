import { SHARDS_SETTING } from '../../src/engine/settings.ts'
import type { MemoryStore } from '../../src/store/memory/store.ts'
import type { Store } from '../../src/store/store.ts'

/** The store as nodes of the version before see it: they claim as they knew how to, and that shards can be more or fewer than 64 they do not know (E11). */
export function storeOfOlder(memory: MemoryStore): Store {
  const store = memory.ofForm1()
  const settings = async () => (await store.read.settings()).filter(({ kind }) => kind !== SHARDS_SETTING)
  return { ...store, read: { ...store.read, settings } }
}
