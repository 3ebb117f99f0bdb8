import type { Run } from '../api/client.ts'

/** What a run is, where it is no job. */
export function KindBadge({ kind }: { kind: Run['kind'] }) {
  return <span className="rounded-small border border-line px-1 text-tiny text-soft">{kind}</span>
}
