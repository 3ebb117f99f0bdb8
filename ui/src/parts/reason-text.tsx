import { usePreferences } from '../format/preferences.ts'
import { shortTime } from '../format/time.ts'

const INSTANT = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g

/** What the server says in words; instants in it are written as everywhere here. */
export function ReasonText({ text }: { text: string }) {
  const { zone } = usePreferences()
  return text.replace(INSTANT, at => shortTime(at, zone))
}
