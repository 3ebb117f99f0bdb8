import type { Reads } from '../store/store.ts'
import { Definitions } from './definitions.ts'
import { Settings } from './settings.ts'

/** What all nodes go by: definitions and settings, as committed, and the version of the settings that is known here (E21). */
export class Catalog {
  readonly settings = new Settings()
  readonly definitions = new Definitions(this.settings)
  version = 0
  private readonly read: Pick<Reads, 'definitions' | 'settings' | 'settingsVersion'>

  constructor(read: Pick<Reads, 'definitions' | 'settings' | 'settingsVersion'>) {
    this.read = read
  }

  /** Reads all of it. What a commit of this node changes meanwhile is not lost: then it is read again. */
  async load(): Promise<void> {
    for (;;) {
      const changes = this.changes()
      const version = await this.read.settingsVersion()
      const settings = await this.read.settings()
      const definitions = await this.read.definitions()
      if (changes !== this.changes()) continue
      this.definitions.load(definitions, settings)
      this.settings.load(settings)
      this.version = version
      return
    }
  }

  private changes(): number {
    return this.settings.changes + this.definitions.changes
  }
}
