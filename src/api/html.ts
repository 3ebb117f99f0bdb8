import { hash } from 'node:crypto'

/** Markup that is safe to put into a page: only `html` makes it. */
export class Markup {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}
type Part = Markup | string | number | null | false | readonly Part[]

/** A page in parts: whatever is put in is escaped, save what `html` made. */
export function html(texts: TemplateStringsArray, ...parts: Part[]): Markup {
  return new Markup(texts.reduce((page, text, index) => page + (index === 0 ? '' : textOf(parts[index - 1] as Part)) + text, ''))
}

function textOf(part: Part): string {
  if (part === null || part === false) return ''
  if (part instanceof Markup) return part.text
  if (Array.isArray(part)) return part.map(textOf).join('')
  return escapeHtml(String(part))
}

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, sign => ESCAPES[sign] as string)
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1d2329; --soft: #66707a; --line: #dde2e7; --back: #fbfbfa; --card: #fff;
  --blue: #1f63b5; --green: #1b7a43; --red: #b3261e; --amber: #8a5a00; --grey: #5f6872; --violet: #6b4aa8 }
@media (prefers-color-scheme: dark) { :root { --ink: #dfe4e9; --soft: #929ca6; --line: #2b323a; --back: #14181c; --card: #1a1f24;
  --blue: #7db3f2; --green: #6cc891; --red: #f28b82; --amber: #e2b45c; --grey: #a0a9b3; --violet: #b79df0 } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 76rem; padding: 1.25rem 1.5rem 3rem; color: var(--ink); background: var(--back); font: 14px/1.5 system-ui, sans-serif }
h1 { font-size: 1.05rem; margin: 0 } h2 { font-size: .8rem; margin: 2rem 0 .5rem; color: var(--soft); font-weight: 600 }
header { display: flex; gap: 1rem; align-items: baseline; flex-wrap: wrap } header span { color: var(--soft) }
a { color: inherit; text-decoration-color: var(--line); text-underline-offset: 3px } a:hover { text-decoration-color: currentColor }
code, pre, .mono { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace }
pre { margin: 0; padding: .6rem .8rem; background: var(--card); border: 1px solid var(--line); border-radius: 4px; overflow: auto; max-height: 24rem; white-space: pre-wrap; overflow-wrap: anywhere }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: 1px; margin: 1rem 0 0; background: var(--line); border: 1px solid var(--line); border-radius: 4px; overflow: hidden }
dl div { background: var(--card); padding: .5rem .8rem } dt { color: var(--soft); font-size: .8rem } dd { margin: 0; font-size: 1.15rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere }
dl.facts dd { font-size: .9rem }
.table { overflow-x: auto; border: 1px solid var(--line); border-radius: 4px; background: var(--card) }
table { border-collapse: collapse; width: 100% } th { text-align: left; color: var(--soft); font-weight: 500; font-size: .8rem }
th, td { padding: .3rem .8rem; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere } tr:last-child td { border-bottom: 0 }
td.number { text-align: right; font-variant-numeric: tabular-nums } time { white-space: nowrap; color: var(--soft) }
.badge { white-space: nowrap } .badge::before { content: ""; display: inline-block; width: .55em; height: .55em; border-radius: 50%; margin-right: .45em; background: currentColor }
.running, .waiting { color: var(--blue) } .completed { color: var(--green) } .failed, .timed_out { color: var(--red) } .paused { color: var(--amber) }
.queued, .scheduled, .cancelled, .terminated { color: var(--grey) } .debug { color: var(--soft) } .warn { color: var(--amber) } .error { color: var(--red) }
.notice { margin: .6rem 0 0; padding: .5rem .8rem; border: 1px solid var(--line); border-left: 3px solid var(--amber); border-radius: 4px; background: var(--card) }
.soft { color: var(--soft) }`

/** Nothing may be loaded or run but this one style: what slips past the escaping stays text. */
export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${hash('sha256', STYLE, 'base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
}

/** `refreshSeconds` 0: the page stays as it is. */
export function page(title: string, refreshSeconds: number, content: Markup): string {
  const refresh = refreshSeconds > 0 && html`<meta http-equiv="refresh" content="${refreshSeconds}">`
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">${refresh}
<title>${title} · Mainspring</title><style>${new Markup(STYLE)}</style></head>
<body>${content}</body></html>
`.text
}
