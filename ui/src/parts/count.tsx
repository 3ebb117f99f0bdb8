import { compactCount, countText } from '../format/number.ts'

/** A number. Give it as a link's child: every number leads to what it counts. */
export function Count({ of, compact = false }: { of: number; compact?: boolean }) {
  return (
    <span className="numeric" title={compact && of >= 10_000 ? countText(of) : undefined}>
      {compact ? compactCount(of) : countText(of)}
    </span>
  )
}
