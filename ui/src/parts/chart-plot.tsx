import { useEffect, useEffectEvent, useRef } from 'react'
import uPlot, { type AlignedData, type Options } from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { clockTime, dayText } from '../format/time.ts'
import type { ChartProps } from './chart.tsx'
import { useWidth } from './use-width.ts'

type PlotProps = ChartProps & { height: number; format(value: number): string; zone: string | null }

/** The drawing itself, in a chunk of its own. */
export default function Plot({ times, series, as = 'lines', log = false, height, format, zone, onBrush }: PlotProps) {
  const root = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const width = useWidth(root)
  const brushed = useEffectEvent((from: number, until: number) => onBrush?.(from, until))
  const data = dataOf(times, series, as)
  const shape = series.map(({ label, color, dashed }) => `${label} ${color} ${dashed}`).join() + String(log)
  // biome-ignore lint/correctness/useExhaustiveDependencies: made anew when its shape is another; values and size are set below
  useEffect(() => {
    if (root.current === null || width === 0) return
    const color = (name: string): string => resolved(root.current as HTMLElement, name)
    const options: Options = {
      width,
      height,
      legend: { show: false },
      padding: [8, 8, 0, 0],
      cursor: { y: false, drag: { x: onBrush !== undefined, y: false, setScale: false }, points: { size: 5 } },
      scales: {
        x: { time: true },
        // A decade more at least than the least, so that a flat line is not all there is.
        y: log
          ? {
              distr: 3,
              range: (_, least, most) => [
                10 ** Math.floor(Math.log10(Math.max(1, least ?? 1))),
                10 ** Math.ceil(Math.log10(Math.max(10, (most ?? 10) * 1.01))),
              ],
            }
          : { range: (_, __, most) => [0, Math.max(1, most ?? 1) * 1.05] },
      },
      axes: [
        {
          stroke: color('var(--soft)'),
          grid: { show: false },
          ticks: { show: false },
          font: FONT,
          size: 24,
          space: 72,
          values: (drawn, splits) => splits.map(seconds => tickText(seconds * 1_000, zone, spanOf(drawn))),
        },
        {
          stroke: color('var(--soft)'),
          grid: { stroke: color('var(--line)'), width: 1 },
          ticks: { show: false },
          font: FONT,
          size: 48,
          ...(log && { filter: (_, splits) => splits, splits: (_, __, least, most) => decades(least, most) }),
          values: (_, splits) => splits.map(value => (log || Number.isInteger(value) || value < 10 ? format(value) : '')),
        },
      ],
      // Bars stand on each other: the highest is drawn first and the lower ones over it.
      series: [
        {},
        ...series.map(({ label, color: name, dashed }) => ({
          label,
          stroke: color(name),
          ...(as === 'bars'
            ? { fill: color(name), width: 0, paths: uPlot.paths.bars?.({ size: [0.8, 40] }) as never, points: { show: false } }
            : { width: 1.5, spanGaps: true, points: { show: false }, ...(dashed && { dash: [4, 3] }) }),
        })),
      ],
      ...(zone !== null && { tzDate: (seconds: number) => uPlot.tzDate(new Date(seconds * 1_000), zone) }),
      hooks: {
        setSelect: [
          drawn => {
            if (drawn.select.width < 4) return
            brushed(drawn.posToVal(drawn.select.left, 'x') * 1_000, drawn.posToVal(drawn.select.left + drawn.select.width, 'x') * 1_000)
            drawn.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
          },
        ],
      },
    }
    const made = new uPlot(options, data, root.current)
    plot.current = made
    return () => {
      plot.current = null
      made.destroy()
    }
  }, [shape, as, width > 0, zone, onBrush === undefined])
  useEffect(() => {
    if (width > 0) plot.current?.setSize({ width, height })
  }, [width, height])
  useEffect(() => plot.current?.setData(data), [data])
  return <div ref={root} className="w-full" />
}

function dataOf(times: ChartProps['times'], series: ChartProps['series'], as: 'lines' | 'bars'): AlignedData {
  const seconds = times.map(time => time / 1_000)
  if (as === 'lines') return [seconds, ...series.map(({ values }) => [...values])]
  // Each with all that stand below it.
  const stacked = series.map((_, from) => times.map((_, index) => series.slice(from).reduce((sum, { values }) => sum + (values[index] ?? 0), 0)))
  return [seconds, ...stacked]
}

const FONT = '11px Inter Variable'

const DAY_SECONDS = 86_400

/** Seconds from the first to the last time. */
function spanOf({ data: [times] }: uPlot): number {
  return (times.at(-1) ?? 0) - (times[0] ?? 0)
}

/** Where the hours of several days would look alike, the day. */
function tickText(at: number, zone: string | null, seconds: number): string {
  return seconds > 2 * DAY_SECONDS ? dayText(at, zone) : minuteText(at, zone)
}

/** `14:00`. */
function minuteText(at: number, zone: string | null): string {
  return clockTime(at, zone).replace(/:\d\d(?=\s|$)/, '')
}

function decades(least: number, most: number): number[] {
  const [from, until] = [Math.round(Math.log10(least)), Math.round(Math.log10(most))]
  // Not more lines than there is room for.
  const step = Math.max(1, Math.ceil((until - from) / 4))
  return Array.from({ length: Math.floor((until - from) / step) + 1 }, (_, index) => 10 ** (from + index * step))
}

/** A canvas knows neither variables nor light-dark(). */
function resolved(element: HTMLElement, color: string): string {
  const probe = document.createElement('span')
  probe.style.color = color
  element.append(probe)
  const value = getComputedStyle(probe).color
  probe.remove()
  return value
}
