import { Link } from '@tanstack/react-router'
import { classes } from '../parts/classes.ts'
import { BECAME, BECAME_WORDS, type Became, isBad, tallyText } from './became.ts'
import { Mark, markTone } from './marks.tsx'
import type { Row } from './moments.ts'
import { type Cluster, clustersOf, type Moment, tallyOf } from './track.ts'

/** Marks closer than this are a band. */
const GAP_PX = 9
/** In a band, each that went wrong is marked; of hundreds the first tell enough. */
const MARKED_MAX = 40

export interface Axis {
  from: number
  until: number
  width: number
  /** How a time is written. */
  clock(at: number): string
}

/** One schedule's times on the axis. Those who cannot see it hear how many of each there are; each mark is a link to its run. */
export function TrackRow({ row, axis }: { row: Row | undefined; axis: Axis }) {
  const { from, until, width } = axis
  const place = (at: number): number => ((at - from) / (until - from)) * 100
  if (row === undefined || width === 0) return null
  const clusters = clustersOf(row.moments, ((until - from) / width) * GAP_PX)
  return (
    <>
      <span className="hidden-text">{tallyText(tallyOf(row.moments)) || 'nothing on this day'}</span>
      <span aria-hidden="true">
        {row.knownFrom !== null && <Unknown from={0} until={place(row.knownFrom)} />}
        {row.knownUntil !== null && <Unknown from={place(row.knownUntil)} until={100} />}
        {clusters.map(cluster => (
          <ClusterMark key={`${cluster.from} ${cluster.became}`} cluster={cluster} axis={axis} place={place} />
        ))}
      </span>
    </>
  )
}

function ClusterMark({ cluster, axis, place }: { cluster: Cluster; axis: Axis; place(at: number): number }) {
  const [only] = cluster.moments
  if (only !== undefined && cluster.moments.length === 1 && cluster.from === cluster.until) return <One moment={only} axis={axis} place={place} />
  const [left, right] = [place(cluster.from), place(cluster.until)]
  const usual = mostOf(cluster)
  const room = ((right - left) / 100) * axis.width
  const bad = cluster.moments.filter(({ became }) => isBad(became) && became !== usual)
  return (
    <>
      <span
        title={`${axis.clock(cluster.from)} to ${axis.clock(cluster.until)}: ${tallyText(cluster.tally)}${textOf(cluster.moments)}`}
        className={classes(
          'absolute top-1/2 flex h-3.5 -translate-y-1/2 items-center justify-center overflow-hidden rounded-small border border-current',
          markTone(usual),
          usual === 'coming' || usual === 'held' || usual === 'paused' ? 'border-dashed' : '',
        )}
        style={{ left: `calc(${left}% - 4px)`, width: `calc(${right - left}% + 8px)` }}
      >
        {usual !== 'coming' && usual !== 'held' && <Shares tally={cluster.tally} count={cluster.count} />}
        {room > 30 && <span className="numeric relative rounded-small bg-surface px-1 text-tiny leading-none text-ink">{cluster.count}</span>}
      </span>
      {bad.slice(0, MARKED_MAX).map(moment => (
        <One key={moment.at} moment={moment} axis={axis} place={place} />
      ))}
    </>
  )
}

function One({ moment, axis, place }: { moment: Moment; axis: Axis; place(at: number): number }) {
  const { at, became, run, text } = moment
  const title = `${axis.clock(at)} ${BECAME_WORDS[became]}${text ? `: ${text}` : ''}`
  const style = { left: `calc(${place(at)}% - 4px)` }
  const look = 'absolute top-1/2 flex -translate-y-1/2 rounded-small bg-surface'
  if (!run)
    return (
      <span title={title} className={look} style={style}>
        <Mark became={became} />
      </span>
    )
  return (
    <Link to="/runs/$run" params={{ run }} search={{}} tabIndex={-1} title={title} className={classes(look, 'hover:scale-125')} style={style}>
      <Mark became={became} />
    </Link>
  )
}

/** How much of a band became what, from its floor up: usual below, worst on top. */
function Shares({ tally, count }: { tally: Cluster['tally']; count: number }) {
  const parts = (Object.entries(tally) as [Became, number][]).sort(([one], [other]) => BECAME.indexOf(one) - BECAME.indexOf(other))
  return (
    <span className="absolute inset-0 flex flex-col">
      {parts.map(([became, share]) => (
        <span key={became} className={classes(markTone(became), 'block bg-current opacity-45')} style={{ height: `${(share / count) * 100}%` }} />
      ))}
    </span>
  )
}

/** More than is told. */
function Unknown({ from, until }: { from: number; until: number }) {
  return (
    <span
      title="more than are told here: see its ledger"
      className="absolute top-1/2 h-2 -translate-y-1/2 bg-[repeating-linear-gradient(135deg,var(--line)_0_2px,transparent_2px_6px)]"
      style={{ left: `${Math.max(0, from)}%`, width: `${Math.max(0, until - from)}%` }}
    />
  )
}

function mostOf({ tally }: Cluster): Became {
  return (Object.entries(tally) as [Became, number][]).sort(([, one], [, other]) => other - one)[0]?.[0] ?? 'completed'
}

function textOf(moments: readonly Moment[]): string {
  const text = moments.find(moment => moment.text)?.text
  return text ? `\n${text}` : ''
}
