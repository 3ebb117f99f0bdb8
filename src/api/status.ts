import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { UserError } from '../core/errors.ts'
import { shortId } from '../core/ids.ts'
import { isClosed, type RunState } from '../core/run.ts'
import type { Instant } from '../core/time.ts'
import type { Engine, RunSummary } from '../engine/face.ts'
import { html, Markup, PAGE_HEADERS, page } from './html.ts'
import { formatInstant } from './instants.ts'
import { type Context, checkedParams, resolveRun } from './operation.ts'
import { summarize } from './summary.ts'
import { eventText } from './views.ts'

/** Plain pages in the place of the console: what is going on, and one run. They are read only and work without a line of script. */

const REFRESH_SECONDS = 5
const RECENT_RUNS = 25
const SHOWN_LOG_LINES = 500
const SHOWN_EVENTS = 500
const SHOWN_PAYLOAD_LENGTH = 4_000

export function statusPages(app: FastifyInstance, context: Context): void {
  const { engine, now } = context
  app.get('/', { config: { operation: 'status' } }, (request, reply) => show(reply, () => homePage(engine, namespaceOf(request), now())))
  app.get('/runs/:run', { config: { operation: 'status' } }, (request, reply) =>
    show(reply, () => runPage(engine, namespaceOf(request), (request.params as { run: string }).run, now())),
  )
}

/** An error is a page too, with the status that the API would answer. */
async function show(reply: FastifyReply, build: () => Promise<string>): Promise<FastifyReply> {
  try {
    return reply.headers(PAGE_HEADERS).send(await build())
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const { status, title, hint, code } = error.problem
    const content = html`<header><h1><a href="/">Mainspring</a></h1></header><p>${title} ${hint ?? ''}</p><p class="soft mono">${code}</p>`
    return reply
      .code(status)
      .headers(PAGE_HEADERS)
      .send(page(title, 0, content))
  }
}

function namespaceOf(request: FastifyRequest): string {
  const { namespace } = request.query as { namespace?: string | string[] }
  return checkedParams({ namespace: typeof namespace === 'string' ? namespace : 'default' }).namespace as string
}

async function homePage(engine: Engine, namespace: string, now: Instant): Promise<string> {
  const [summary, recent] = await Promise.all([
    summarize(engine, namespace, now),
    engine.runs.list({ namespace }, { after: null, limit: RECENT_RUNS }),
  ])
  const failedLastHour = (summary.lastHour.failed ?? 0) + (summary.lastHour.timed_out ?? 0)
  const due = summary.next[0]
  const facts: [string, string | number | Markup][] = [
    ['running', summary.running],
    ['queued', summary.queued],
    ['scheduled', summary.scheduled],
    ['waiting', summary.waiting],
    ['paused', summary.paused],
    ['failed, last hour', failedLastHour],
    ['completed, last hour', summary.lastHour.completed ?? 0],
    ['next due', due ? html`${ago(due.nextAt, now)}` : 'nothing'],
    ['workers', summary.workers],
  ]
  return page(
    'Now',
    REFRESH_SECONDS,
    html`<header><h1>Mainspring</h1><span>namespace ${namespace}</span><span><a href="/openapi.json">API</a></span><span><a href="/metrics">metrics</a></span></header>
<dl>${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
${summary.pauses.map(pause => html`<p class="notice">${pause.scope} <b>${pause.name}</b> is paused${pause.by ? ` by ${pause.by}` : ''} since ${ago(pause.since, now)}${pause.note ? `: ${pause.note}` : ''}</p>`)}
${summary.stuck.length > 0 && html`<h2>Stuck</h2>${runTable(summary.stuck, namespace, now)}`}
<h2>Recent runs</h2>${recent.rows.length === 0 ? html`<p class="soft">No run yet. Start one: <code>mainspring start NAME '{}'</code></p>` : runTable(recent.rows, namespace, now)}
${summary.failed.length > 0 && html`<h2>Failed last</h2>${runTable(summary.failed, namespace, now)}`}
${summary.next.length > 0 && html`<h2>Due next</h2>${runTable(summary.next, namespace, now)}`}
<h2>Queues</h2>${table(
      ['queue', 'queued', 'running', 'scheduled', 'oldest', 'workers', ''],
      engine.queues
        .list(namespace)
        .slice(0, 200)
        .map(queue => [
          queue.name,
          number(queue.depth),
          number(queue.running),
          number(queue.scheduled),
          ago(queue.oldestAt, now),
          number(queue.workers),
          queue.paused ? badge('paused') : '',
        ]),
    )}
<h2>Workers</h2>${table(
      ['worker', 'slots', 'running', 'serves', 'seen'],
      engine.workers
        .list(namespace)
        .slice(0, 200)
        .map(worker => [worker.name, number(worker.slots), number(worker.running.length), served(worker.serves), ago(worker.lastSeenAt, now)]),
    )}`,
  )
}

async function runPage(engine: Engine, namespace: string, ending: string, now: Instant): Promise<string> {
  const id = await resolveRun(engine, { namespace, run: ending })
  const [run, history, logs, explanation] = await Promise.all([
    engine.runs.get(namespace, id),
    engine.runs.history(namespace, id),
    engine.runs.logs(namespace, id, { after: null, limit: SHOWN_LOG_LINES }),
    engine.runs.explain(namespace, id),
  ])
  const facts: [string, string | number | Markup | null][] = [
    ['state', html`${badge(run.state)} ${run.reason}`],
    ['attempt', `${run.attempt} of ${run.attempts}`],
    ['queue', run.queue],
    ['priority', run.priority],
    ['created', ago(run.createdAt, now)],
    ['started', ago(run.startedAt, now)],
    ['closed', ago(run.closedAt, now)],
    ['next', ago(run.nextAt, now)],
    ['worker', run.worker],
    ['progress', run.progress && `${Math.round(run.progress.value * 100)} % ${run.progress.message ?? ''}`],
    [
      'tags',
      run.tags &&
        Object.entries(run.tags)
          .map(tag => tag.join(':'))
          .join(' '),
    ],
  ]
  const payloads = (['input', 'output', 'checkpoint', 'metadata'] as const).filter(name => run[name] !== null)
  return page(
    `${run.definition} ${shortId(id)}`,
    isClosed(run.state) ? 0 : REFRESH_SECONDS,
    html`<header><h1><a href="${homeLink(namespace)}">Mainspring</a> / ${run.definition}</h1><span class="mono">${id}</span></header>
<dl class="facts">${facts.filter(([, value]) => value !== null && value !== '').map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
<h2>${isClosed(run.state) ? 'What ended it' : 'Why it does not run'}</h2>${explanation.reasons.map(reason => html`<p class="notice">${reason.text} <span class="soft">[${reason.code}]</span>${reason.command !== undefined && html`<br><code>${reason.command}</code>`}</p>`)}
<p class="soft">${explanation.reasons.length === 0 ? 'Nothing stands in its way. ' : ''}${explanation.clear.length > 0 && `In order: ${explanation.clear.join(', ')}.`}</p>
${run.failure && html`<h2>Failure</h2><pre>${run.failure.stack ?? `${run.failure.type}: ${run.failure.message}`}</pre>`}
${payloads.map(name => html`<h2>${name}</h2><pre>${cut(run[name] as string)}</pre>`)}
<h2>History</h2>${table(
      ['#', 'time', 'event', ''],
      history
        .slice(0, SHOWN_EVENTS)
        .map((event, index) => [number(index), instant(event.at), event.is, html`<span class="mono soft">${cut(factsOf(event))}</span>`]),
    )}${history.length > SHOWN_EVENTS && html`<p class="soft">The first ${SHOWN_EVENTS} of ${history.length} events.</p>`}
<h2>Log</h2>${table(
      ['time', 'level', 'attempt', 'message'],
      logs.rows.map(line => [
        instant(line.at),
        html`<span class="${line.level}">${line.level}</span>`,
        number(line.attempt),
        html`${line.message} <span class="mono soft">${line.fields}</span>`,
      ]),
    )}${logs.next !== null && html`<p class="soft">The first ${SHOWN_LOG_LINES} lines; all of them: <code>mainspring logs ${shortId(id)}</code></p>`}`,
  )
}

function factsOf(event: Parameters<typeof eventText>[0]): string {
  const { is: _is, at: _at, ...facts } = JSON.parse(eventText(event)) as Record<string, unknown>
  return Object.keys(facts).length === 0 ? '' : JSON.stringify(facts)
}

function runTable(runs: readonly RunSummary[], namespace: string, now: Instant): Markup {
  return table(
    ['run', 'definition', 'state', 'attempt', 'queue', 'created', 'closed', ''],
    runs.map(run => [
      html`<a class="mono" href="${runLink(run.id, namespace)}">${shortId(run.id)}</a>`,
      run.definition,
      html`${badge(run.state)} <span class="soft">${run.reason}</span>`,
      number(`${run.attempt}/${run.attempts}`),
      run.queue,
      ago(run.createdAt, now),
      ago(run.closedAt, now),
      run.failure ? cut(run.failure.message, 200) : run.nextAt !== null && !isClosed(run.state) ? html`next ${ago(run.nextAt, now)}` : '',
    ]),
  )
}

function table(heads: string[], rows: (Markup | string)[][]): Markup {
  if (rows.length === 0) return html`<p class="soft">None.</p>`
  const cell = (value: Markup | string) => (value instanceof NumberCell ? value : html`<td>${value}</td>`)
  return html`<div class="table"><table><thead><tr>${heads.map(head => html`<th>${head}</th>`)}</tr></thead>
<tbody>${rows.map(row => html`<tr>${row.map(cell)}</tr>\n`)}</tbody></table></div>`
}

/** Aligned to the right, so that digits stand under digits. */
class NumberCell extends Markup {}
function number(value: number | string): Markup {
  return new NumberCell(html`<td class="number">${value}</td>`.text)
}

function badge(state: RunState): Markup {
  return html`<span class="badge ${state}">${state}</span>`
}

function served(serves: readonly { definition: string }[]): string {
  const names = serves.slice(0, 5).map(serve => serve.definition)
  return serves.length > names.length ? `${names.join(', ')} and ${serves.length - names.length} more` : names.join(', ')
}

function ago(at: Instant | null, now: Instant): Markup {
  if (at === null) return html``
  const seconds = Math.round(Math.abs(now - at) / 1_000)
  const [count, unit] =
    seconds < 60
      ? [seconds, 's']
      : seconds < 3_600
        ? [Math.round(seconds / 60), 'm']
        : seconds < 172_800
          ? [Math.round(seconds / 3_600), 'h']
          : [Math.round(seconds / 86_400), 'd']
  return html`<time datetime="${formatInstant(at)}" title="${formatInstant(at)}">${at > now ? `in ${count} ${unit}` : `${count} ${unit} ago`}</time>`
}

function instant(at: Instant): Markup {
  return html`<time class="mono">${formatInstant(at)}</time>`
}

function cut(text: string, lengthMax = SHOWN_PAYLOAD_LENGTH): string {
  return text.length > lengthMax ? `${text.slice(0, lengthMax)}…` : text
}

function homeLink(namespace: string): string {
  return namespace === 'default' ? '/' : `/?namespace=${encodeURIComponent(namespace)}`
}

function runLink(id: string, namespace: string): string {
  return `/runs/${id}${namespace === 'default' ? '' : `?namespace=${encodeURIComponent(namespace)}`}`
}
