import { Link } from '@tanstack/react-router'
import { BECAME_WORDS, becameOf, type LedgerLine, tallyText } from './became.ts'
import { Mark } from './marks.tsx'
import { STRIP_LENGTH } from './queries.ts'
import { tallyOf } from './track.ts'

/** The last times of a schedule, oldest first; a link to its ledger. */
export function Strip({ name, lines }: { name: string; lines: readonly LedgerLine[] | undefined }) {
  if (lines === undefined || lines.length === 0) return <span className="text-soft">{lines === undefined ? '' : 'nothing yet'}</span>
  const shown = lines.slice(0, STRIP_LENGTH).toReversed()
  const moments = shown.map(line => ({ at: Date.parse(line.at), count: line.count, became: becameOf(line, line.outcome) }))
  return (
    <Link
      to="/schedules/$name"
      params={{ name }}
      search={{ tab: 'ledger' }}
      className="inline-flex h-6 items-center gap-0.5 rounded-small px-0.5 align-middle hover:bg-hover"
      aria-label={`Ledger of ${name}, the last times: ${tallyText(tallyOf(moments))}`}
    >
      {shown.map((line, index) => {
        const became = moments[index]?.became ?? 'completed'
        return (
          <span key={line.n} title={`${BECAME_WORDS[became]}${line.count > 1 ? `, ${line.count} times` : ''}${line.text ? `: ${line.text}` : ''}`}>
            <Mark became={became} />
          </span>
        )
      })}
    </Link>
  )
}
