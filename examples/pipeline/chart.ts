import { parse, View } from 'vega'
import { compile, type TopLevelSpec } from 'vega-lite'
import type { Day } from './days.ts'

/** A month in two pictures, one below the other: flights of each day, and how late those of each state were. */
export async function chartOf(month: string, days: readonly Day[]): Promise<string> {
  const values = days.flatMap(({ day, flights, late }) => [
    { day, is: 'late', flights: late },
    { day, is: 'on time', flights: flights - late },
  ])
  const states = days.flatMap(({ day, states }) => states.map(one => ({ day, ...one })))
  const spec: TopLevelSpec = {
    title: `Flights of ${month}`,
    vconcat: [
      {
        width: 640,
        height: 160,
        data: { values },
        mark: 'bar',
        encoding: {
          x: { field: 'day', type: 'ordinal', title: null },
          y: { field: 'flights', type: 'quantitative', title: 'flights' },
          color: { field: 'is', type: 'nominal', title: null, scale: { domain: ['on time', 'late'], range: ['#8fb0b8', '#c43f38'] } },
        },
      },
      {
        width: 640,
        data: { values: states },
        mark: 'rect',
        encoding: {
          x: { field: 'day', type: 'ordinal', title: null, axis: null },
          y: { field: 'state', type: 'ordinal', title: null },
          color: {
            field: 'meanDelay',
            type: 'quantitative',
            title: 'minutes late',
            scale: { scheme: 'redblue', reverse: true, domain: [-40, 40], clamp: true },
          },
        },
      },
    ],
    resolve: { scale: { color: 'independent' } },
    config: { background: '#fcfbf9', view: { stroke: null } },
  }
  return new View(parse(compile(spec).spec), { renderer: 'none' }).toSVG()
}

export function pageOf(month: string, days: readonly Day[], svg: string): string {
  const rows = days.map(({ day, flights, late, states }) => {
    const worst = states.toSorted((a, b) => b.meanDelay - a.meanDelay)[0]
    return `<tr><td>${day}<td>${flights}<td>${Math.round((late / flights) * 100)} %<td>${worst === undefined ? '' : `${worst.state} (${Math.round(worst.meanDelay)} min)`}`
  })
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Flights of ${month}</title>
<style>
body { margin: 24px auto; max-width: 820px; background: #fcfbf9; color: #22262b; font: 15px/1.5 ui-sans-serif, system-ui, sans-serif }
svg { width: 100%; height: auto }
table { border-collapse: collapse; width: 100% }
td, th { padding: 4px 8px; border-bottom: 1px solid #eae7e0; text-align: left; font-variant-numeric: tabular-nums }
</style>
${svg}
<table><tr><th>day<th>flights<th>late<th>latest state
${rows.join('\n')}
</table>
</html>
`
}
