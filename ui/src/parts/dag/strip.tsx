import { countText } from '../../format/number.ts'
import { stateColor } from '../state-badge.tsx'
import { badgeOf, partsOf, stateOf } from './words.ts'

/** Items of a mapped task in their order, neighbours that stand alike as one piece: 10,000 of them are as quickly drawn as ten. */
export function ItemStrip({ label, strip, counts }: { label: string; strip: string; counts: Readonly<Record<string, number>> }) {
  const said = partsOf(counts)
    .map(({ word, count }) => `${countText(count)} ${word}`)
    .join(', ')
  return (
    <div role="img" aria-label={`${label}: ${said}`} className="flex h-4 w-full overflow-hidden rounded-small bg-line">
      {piecesOf(strip).map(({ from, size, letter }) => (
        <span
          key={from}
          title={`${size === 1 ? `item ${from}` : `items ${from} to ${from + size - 1}`}: ${stateOf(letter).replace('_', ' ')}`}
          className="border-r border-surface last:border-r-0"
          style={{ width: `${(size / strip.length) * 100}%`, background: stateColor(badgeOf(stateOf(letter))) }}
        />
      ))}
    </div>
  )
}

/** More pieces than these are finer than a pixel. */
const PIECES_MAX = 600

export function piecesOf(strip: string): { from: number; size: number; letter: string }[] {
  const pieces: { from: number; size: number; letter: string }[] = []
  for (const [index, letter] of [...strip].entries()) {
    const last = pieces.at(-1)
    if (last !== undefined && last.letter === letter && strip.length > SINGLE_MAX) last.size++
    else pieces.push({ from: index, size: 1, letter })
  }
  if (pieces.length <= PIECES_MAX) return pieces
  // Of neighbours that would share a pixel the one that went worst is seen.
  const step = Math.ceil(strip.length / PIECES_MAX)
  return Array.from({ length: Math.ceil(strip.length / step) }, (_, n) => {
    const part = strip.slice(n * step, (n + 1) * step)
    return { from: n * step, size: part.length, letter: [...WORST].find(letter => part.includes(letter)) ?? '.' }
  })
}
/** Up to so many each item has a piece of its own. */
const SINGLE_MAX = 100
const WORST = 'fukxrq.s'
