import { lazy, Suspense, useId, useState } from 'react'
import { countText } from '../format/number.ts'
import { usePreferences } from '../format/preferences.ts'
import { shortTime } from '../format/time.ts'
import { Button } from './button.tsx'

export interface Series {
  label: string
  /** A CSS colour: `stateColor('failed')`. */
  color: string
  /** One a time; null: a gap. */
  values: readonly (number | null)[]
  /** Told apart from another of its colour. */
  dashed?: boolean
}

export interface ChartProps {
  /** What it shows, in words: its name for those who cannot see it. */
  label: string
  /** Milliseconds since 1970, rising. */
  times: readonly number[]
  series: readonly Series[]
  as?: 'lines' | 'bars'
  height?: number
  /** Of lines: each step upwards is ten times as much. Nothing is shown as 1. */
  log?: boolean
  /** How values are written. Default: whole numbers. */
  format?(value: number): string
  /** Present: one can drag a range, which is told here in milliseconds. */
  onBrush?(from: number, until: number): void
}

const Plot = lazy(() => import('./chart-plot.tsx'))

/** Values over time. Bars stand on each other. The same is there as a table. */
export function Chart(props: ChartProps) {
  const { label, times, series, as = 'lines', height = 160, format = countText } = props
  const { zone, theme } = usePreferences()
  const [asTable, setAsTable] = useState(false)
  const id = useId()
  return (
    <figure aria-labelledby={id} className="min-w-0">
      <figcaption className="mb-1 flex flex-wrap items-center gap-x-3 gap-y-1 text-small text-soft">
        <span id={id} className="hidden-text">
          {label}
        </span>
        {series.map(({ label: name, color, dashed }) => (
          <span key={name} className="inline-flex items-center gap-1.5">
            {as === 'lines' ? (
              <svg aria-hidden="true" width="16" height="2">
                <line x1="0" x2="16" y1="1" y2="1" stroke={color} strokeWidth="2" {...(dashed && { strokeDasharray: '4 2' })} />
              </svg>
            ) : (
              <span className="size-2 rounded-full" style={{ background: color }} />
            )}{' '}
            {name}
          </span>
        ))}
        <span className="grow" />
        <Button kind="quiet" className="h-6 text-small text-soft" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
          {asTable ? 'As a chart' : 'As a table'}
        </Button>
      </figcaption>
      {asTable ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls is reached by the keyboard
        <section tabIndex={0} aria-label={label} className="overflow-auto" style={{ maxHeight: Math.max(height, 240) }}>
          <table className="w-full text-left text-small">
            <thead>
              <tr>
                <th className="font-normal text-soft">Time</th>
                {series.map(({ label: name }) => (
                  <th key={name} className="text-right font-normal text-soft">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {times.map((time, index) => (
                <tr key={time} className="border-t border-line">
                  <td className="numeric">{shortTime(time, zone)}</td>
                  {series.map(({ label: name, values }) => (
                    <td key={name} className="numeric text-right">
                      {values[index] == null ? '–' : format(values[index])}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      ) : (
        <div aria-hidden="true" style={{ height }}>
          <Suspense>
            <Plot key={theme} {...props} height={height} format={format} zone={zone} />
          </Suspense>
        </div>
      )}
    </figure>
  )
}

/** A line without axes, the height of text; the number it stands for is beside it. */
export function Spark({
  values,
  color = 'var(--soft)',
  width = 80,
  height = 20,
}: {
  values: readonly number[]
  color?: string
  width?: number
  height?: number
}) {
  const most = Math.max(1, ...values)
  const step = width / Math.max(1, values.length - 1)
  const points = values.map((value, index) => `${(index * step).toFixed(1)},${(height - 1 - (value / most) * (height - 2)).toFixed(1)}`).join(' ')
  return (
    <svg aria-hidden="true" width={width} height={height} viewBox={`0 0 ${width} ${height}`} className="shrink-0">
      <polyline points={points} fill="none" stroke={color} strokeWidth="1.25" strokeLinejoin="round" />
    </svg>
  )
}
