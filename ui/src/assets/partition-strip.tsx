import type { AssetPartition } from '../api/assets.ts'
import { countText } from '../format/number.ts'
import { Icon } from '../parts/icons.tsx'
import { RunLink } from '../parts/run-link.tsx'
import { softColor, stateColor, stateSign } from '../parts/state-badge.tsx'

/** Partitions as the words of states that look alike. */
const LOOKS = { made: 'completed', failed: 'failed', missing: 'skipped' } as const
const WORDS = { made: 'made', failed: 'failed', missing: 'missing' } as const

/** The latest first: each with its state as icon, colour and word. */
export function PartitionStrip({ partitions, more }: { partitions: readonly AssetPartition[]; more: boolean }) {
  const counts = (['made', 'failed', 'missing'] as const).map(state => [state, partitions.filter(one => one.state === state).length] as const)
  const said = counts.flatMap(([state, count]) => (count === 0 ? [] : [`${countText(count)} ${WORDS[state]}`])).join(', ')
  return (
    <div className="flex flex-col gap-2">
      <p className="text-small text-soft">
        {more ? `Of the latest ${countText(partitions.length)}: ` : ''}
        {said || 'none yet'}
      </p>
      <ol aria-label="Partitions" className="flex flex-wrap gap-1">
        {partitions.map(({ key, state, run, failedRun }) => {
          const look = LOOKS[state]
          const by = state === 'failed' ? failedRun : run
          return (
            <li
              key={key}
              className="flex h-7 items-center gap-1.5 rounded border border-line px-2 text-small"
              style={{ background: state === 'missing' ? 'transparent' : softColor(look) }}
            >
              <span className="flex" style={{ color: stateColor(look) }} title={WORDS[state]}>
                <Icon name={stateSign(look).icon} size={14} />
                <span className="hidden-text">{WORDS[state]}</span>
              </span>
              <code>{key}</code>
              {by !== null && <RunLink run={by} />}
            </li>
          )
        })}
      </ol>
    </div>
  )
}
