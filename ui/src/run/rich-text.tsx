import { usePreferences } from '../format/preferences.ts'
import { clockTime, shortTime } from '../format/time.ts'
import { PlaceLink, type PlaceNoun, RunLink } from './links.tsx'

const NAMED = /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)|\b(queue|limit|rate|definition|schedule) "([^"]+)"/gi

/** A sentence of the server: its instants in the reader's zone, what it names as links, the runs that it names by their short ids too. */
export function RichText({ text, runs = [] }: { text: string; runs?: readonly string[] }) {
  const { zone } = usePreferences()
  const parts: React.ReactNode[] = []
  let from = 0
  for (const found of text.matchAll(NAMED)) {
    parts.push(<Plain key={from} text={text.slice(from, found.index)} runs={runs} />)
    const [whole, instant, noun, name] = found
    if (instant !== undefined) {
      const near = Math.abs(Date.parse(instant) - Date.now()) < 43_200_000
      parts.push(
        <time key={found.index} dateTime={instant} className="numeric">
          {near ? clockTime(instant, zone) : shortTime(instant, zone)}
        </time>,
      )
    } else
      parts.push(
        <span key={found.index}>
          {noun} <PlaceLink noun={(noun as string).toLowerCase() as PlaceNoun} name={name as string} />
        </span>,
      )
    from = found.index + whole.length
  }
  parts.push(<Plain key={`end ${from}`} text={text.slice(from)} runs={runs} />)
  return <>{parts}</>
}

function Plain({ text, runs }: { text: string; runs: readonly string[] }) {
  const named = runs.find(run => text.includes(run.slice(-5)))
  if (named === undefined) return text
  const short = named.slice(-5)
  const at = text.indexOf(short)
  const rest = runs.filter(run => run !== named)
  return (
    <>
      <Plain text={text.slice(0, at)} runs={rest} />
      <RunLink id={named} />
      <Plain text={text.slice(at + short.length)} runs={rest} />
    </>
  )
}
