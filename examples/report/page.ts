import type { RouteSummary } from './flights.ts'
import { colourOf, minutes, percent } from './map.ts'

const SHOWN = 12

/** The picture with the routes to know: a page that needs nothing but itself. */
export function reportPage(routes: readonly RouteSummary[], svg: string): string {
  const byDelay = routes.toSorted((a, b) => b.meanDelay - a.meanDelay)
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Where flights run late</title>
<style>
body { margin: 0 auto; max-width: 1200px; padding: 24px; background: #fcfbf9; color: #22262b; font: 15px/1.5 ui-sans-serif, system-ui, sans-serif }
svg { display: block; width: 100%; height: auto }
.tables { display: grid; grid-template-columns: repeat(auto-fit, minmax(340px, 1fr)); gap: 40px; margin: 32px 40px }
h2 { font-size: 15px; margin: 0 0 8px }
table { border-collapse: collapse; width: 100% }
th { text-align: left; font-weight: 400; color: #7b818a; font-size: 12px }
td, th { padding: 5px 8px 5px 0; border-bottom: 1px solid #eae7e0 }
.number { text-align: right; font-variant-numeric: tabular-nums }
i { display: inline-block; width: 9px; height: 9px; border-radius: 5px; margin-right: 8px }
footer { margin: 0 40px; color: #7b818a; font-size: 13px }
</style>
${svg}
<div class="tables">
${table('Latest', byDelay.slice(0, SHOWN))}
${table('Earliest', byDelay.slice(-SHOWN).reverse())}
</div>
<footer>${routes.length.toLocaleString('en')} routes, each summarised by a job of its own. Data: flights-20k of the package vega-datasets.</footer>
</html>
`
}

function table(title: string, routes: readonly RouteSummary[]): string {
  const rows = routes.map(
    route => `<tr><td><i style="background:${colourOf(route.meanDelay)}"></i>${route.origin} → ${route.destination}</td><td class="number">${minutes(route.meanDelay)}</td>
<td class="number">${percent(route.late / route.flights)}</td><td class="number">${route.flights}</td><td class="number">${route.distance.toLocaleString('en')}</td></tr>`,
  )
  return `<section><h2>${title}</h2><table><tr><th>route<th class="number">mean<th class="number">late<th class="number">flights<th class="number">miles</tr>${rows.join('\n')}</table></section>`
}
