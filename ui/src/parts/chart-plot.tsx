import { useEffect, useEffectEvent, useRef } from 'react'
import uPlot, { type AlignedData, type Options } from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { dayText, minuteText } from '../format/time.ts'
import type { ChartProps } from './chart.tsx'
import { useWidth } from './use-width.ts'

type PlotProps = ChartProps & { height: number; format(value: number): string; zone: string | null }

/** The drawing itself, in a chunk of its own. */
export default function Plot({ times, series, as = 'lines', height, format, zone, onBrush }: PlotProps) {
  const root = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const width = useWidth(root)
  const brushed = useEffectEvent((from: number, until: number) => onBrush?.(from, until))
  const data = dataOf(times, series, as)
  const shape = series.map(({ label, color }) => `${label} ${color}`).join()
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
      scales: { x: { time: true }, y: { range: (_, __, most) => [0, Math.max(1, most ?? 1) * 1.05] } },
      axes: [
        {
          stroke: color('var(--soft)'),
          grid: { show: false },
          ticks: { show: false },
          font: '11px Inter Variable',
          size: 24,
          space: 64,
          values: (_, splits) => axisTimes(splits, zone),
        },
        {
          stroke: color('var(--soft)'),
          grid: { stroke: color('var(--line)'), width: 1 },
          ticks: { show: false },
          font: '11px Inter Variable',
          size: 48,
          values: (_, splits) => splits.map(value => (Number.isInteger(value) || value < 10 ? format(value) : '')),
        },
      ],
      // Bars stand on each other: the highest is drawn first and the lower ones over it.
      series: [
        {},
        ...series.map(({ label, color: name }) => ({
          label,
          stroke: color(name),
          ...(as === 'bars'
            ? { fill: color(name), width: 0, paths: uPlot.paths.bars?.({ size: [0.8, 40] }) as never, points: { show: false } }
            : { width: 1.5, points: { show: false } }),
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

/** One line each: a day is told where it begins, the time elsewhere. */
function axisTimes(seconds: readonly number[], zone: string | null): string[] {
  let before = ''
  return seconds.map(second => {
    const day = dayText(second * 1_000, zone)
    const begins = before !== '' && day !== before
    before = day
    return begins ? day : minuteText(second * 1_000, zone)
  })
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
