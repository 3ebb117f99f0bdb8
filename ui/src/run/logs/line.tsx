import { memo } from 'react'
import { usePreferences } from '../../format/preferences.ts'
import { durationText, preciseTime } from '../../format/time.ts'
import { type AnsiPart, ansiParts } from '../../parts/ansi.ts'
import { classes } from '../../parts/classes.ts'
import { Icon } from '../../parts/icons.tsx'
import type { Delivered } from './logs.tsx'
import { lineAddress, piecesOf } from './rows.ts'
import type { Line } from './store.ts'

export function HeadRow({ attempt, delivered }: { attempt: number; delivered: Delivered | undefined }) {
  const { zone } = usePreferences()
  return (
    <div className="flex h-7 items-center gap-2 px-3 font-sans text-small text-soft">
      <span className="font-medium text-ink">Attempt {attempt}</span>
      {delivered?.worker && <span className="truncate">on {delivered.worker}</span>}
      {delivered && (
        <time dateTime={new Date(delivered.at).toISOString()} className="numeric">
          {preciseTime(delivered.at, zone)}
        </time>
      )}
      <span className="grow border-t border-line" />
    </div>
  )
}

interface LineRowProps {
  line: Line
  wrap: boolean
  /** Present: times are counted from here. */
  since: number | null
  sought: string
  isHit: boolean
  isPicked: boolean
  unfolded: boolean
  onTurn(): void
  onLink(): void
}

const LEVELS = { debug: 'text-soft', info: 'text-soft', warn: 'text-paused font-semibold', error: 'text-failed font-semibold' } as const
const EDGES = { debug: 'border-transparent', info: 'border-transparent', warn: 'border-paused', error: 'border-failed' } as const

/** Number, time, level, message; its fields behind it in short, and below it whole. */
export const LineRow = memo(function LineRow(props: LineRowProps) {
  const { line, wrap, since, sought, isHit, isPicked, unfolded, onTurn, onLink } = props
  const { zone } = usePreferences()
  return (
    <div className={classes('border-l-2', EDGES[line.level], isPicked || isHit ? 'bg-picked' : 'hover:bg-hover')}>
      <div className="flex min-h-5 items-start gap-3 px-2 leading-5 max-sm:gap-2">
        <a
          href={lineAddress(line.name)}
          tabIndex={-1}
          title="Copy a link to this line (y)"
          onClick={event => {
            event.preventDefault()
            onLink()
          }}
          className="numeric w-10 shrink-0 select-none text-right text-soft hover:text-ink hover:underline max-sm:hidden"
        >
          {line.number}
        </a>
        <time dateTime={line.at} className="numeric w-24 shrink-0 text-soft max-sm:w-auto">
          {since === null ? preciseTime(line.time, zone) : `+${durationText(line.time - since)}`}
        </time>
        <span className={classes('w-9 shrink-0 max-sm:hidden', LEVELS[line.level])}>{line.level}</span>
        <span className={classes('min-w-0', wrap ? 'whitespace-pre-wrap wrap-anywhere' : 'whitespace-pre')}>
          {(line.level === 'warn' || line.level === 'error') && (
            <span className={classes('hidden max-sm:inline', LEVELS[line.level])}>{line.level} </span>
          )}
          <Message text={line.message} sought={sought} />
          {line.fields !== undefined && <FieldsShort fields={line.fields} sought={sought} unfolded={unfolded} onTurn={onTurn} />}
        </span>
      </div>
      {unfolded && line.fields !== undefined && <Fields fields={line.fields} />}
    </div>
  )
})

function Message({ text, sought }: { text: string; sought: string }) {
  return <Pieces parts={ansiParts(text)} sought={sought} />
}

function Pieces({ parts, sought }: { parts: readonly AnsiPart[]; sought: string }) {
  return piecesOf(parts, sought).map(({ text, className, found }, index) =>
    found ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one text, which does not change
      <mark key={index} className="bg-paused text-inverse">
        {text}
      </mark>
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one text, which does not change
      <span key={index} className={className || undefined}>
        {text}
      </span>
    ),
  )
}

const SHORT_LENGTH = 120

function FieldsShort({ fields, sought, unfolded, onTurn }: { fields: Record<string, unknown>; sought: string; unfolded: boolean; onTurn(): void }) {
  const short = Object.entries(fields)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ')
  return (
    <button type="button" tabIndex={-1} aria-expanded={unfolded} onClick={onTurn} className="ml-2 inline text-left text-soft hover:text-ink">
      <Icon name={unfolded ? 'chevron' : 'right'} size={12} className="mr-1 inline-block align-middle" />
      {unfolded ? (
        `${Object.keys(fields).length} fields`
      ) : (
        <Pieces parts={[{ text: short.length > SHORT_LENGTH ? `${short.slice(0, SHORT_LENGTH)}…` : short, className: '' }]} sought={sought} />
      )}
    </button>
  )
}

function Fields({ fields }: { fields: Record<string, unknown> }) {
  return (
    <dl className="mb-1 ml-[212px] grid grid-cols-[max-content_1fr] gap-x-3 border-l border-line pl-3 max-sm:ml-4">
      {Object.entries(fields).map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-soft">{name}</dt>
          <dd className="whitespace-pre-wrap wrap-anywhere">{typeof value === 'string' ? value : JSON.stringify(value, null, 2)}</dd>
        </div>
      ))}
    </dl>
  )
}
