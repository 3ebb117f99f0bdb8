import { type Config, SETTING_NAMES, SETTINGS, type SettingName } from './config.ts'
import { withoutPassword } from './stores.ts'

const MASK = '********'

/** Each setting with where it came from, as it may be shown: secrets are masked, also those within an address. */
export function shownSettings(config: Config): Record<string, { value: string | number | null; from: string }> {
  return Object.fromEntries(SETTING_NAMES.map(name => [SETTINGS[name].key, { value: shownSetting(config, name), from: config.origins[name] }]))
}

export function shownSetting(config: Config, name: SettingName): string | number | null {
  const value = config.settings[name]
  if (typeof value !== 'string') return value
  if (SETTINGS[name].secret) return MASK
  return name === 'outbox' ? value.split(',').map(withoutPassword).join(',') : withoutPassword(value)
}
