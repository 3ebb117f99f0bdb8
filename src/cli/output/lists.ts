import type { WireDefinitions, WirePause, WireQueues, WireSummary, WireWorkers } from '@mainspring/sdk'
import { shortId } from '../../core/ids.ts'
import type { Config } from '../../server/config.ts'
import { SETTING_NAMES, SETTINGS } from '../../server/config.ts'
import { shownSetting } from '../../server/shown-settings.ts'
import { type Look, noteText } from './runs.ts'
import { oneLine, table } from './table.ts'
import { countText, distanceText, momentText, spanText } from './words.ts'

/** `mainspring queue ls`. */
export function queuesTable(queues: WireQueues['queues'], { now }: Look): string {
  if (queues.length === 0) return 'No queues yet: a queue is there once a job names it.'
  return table(
    [
      { title: 'queue', value: queue => oneLine(queue.name), widthMax: 40 },
      { title: 'waiting', value: queue => String(queue.depth), right: true },
      { title: 'running', value: queue => String(queue.running), right: true },
      { title: 'scheduled', value: queue => String(queue.scheduled), right: true },
      { title: 'oldest', value: queue => (queue.oldestAt ? spanText(now - Date.parse(queue.oldestAt)) : '-'), right: true },
      { title: 'workers', value: queue => String(queue.workers), right: true },
      { title: 'paused', value: queue => pauseText(queue.paused, now) },
    ],
    queues,
  )
}

/** Who paused it, since when and why; `-` if nobody did. */
export function pauseText(pause: WirePause | null, now: number): string {
  if (!pause) return '-'
  return `since ${momentText(pause.since, now)}${pause.by ? ` by ${oneLine(pause.by)}` : ''}${pause.note ? `: "${oneLine(pause.note)}"` : ''}`
}

/** `mainspring definition ls`. */
export function definitionsTable(definitions: WireDefinitions['definitions'], { now }: Look): string {
  if (definitions.length === 0) return 'Nothing is registered yet: a worker registers the jobs it has.'
  return table(
    [
      { title: 'name', value: definition => oneLine(definition.name), widthMax: 40 },
      { title: 'kind', value: definition => definition.kind },
      { title: 'version', value: definition => oneLine(definition.version).slice(0, 12) },
      { title: 'versions', value: definition => String(definition.versions), right: true },
      { title: 'registered', value: definition => distanceText(definition.registeredAt, now), right: true },
      { title: 'set', value: definition => oneLine(Object.keys(definition.override ?? {}).join(' ')) || '-', widthMax: 40 },
      { title: 'paused', value: definition => pauseText(definition.paused, now) },
    ],
    definitions,
  )
}

/** `mainspring worker ls`. */
export function workersTable(workers: WireWorkers['workers'], { now }: Look): string {
  if (workers.length === 0) return 'No workers. Start one: mainspring worker jobs.ts'
  return table(
    [
      { title: 'worker', value: worker => oneLine(worker.name), widthMax: 40 },
      { title: 'id', value: worker => shortId(oneLine(worker.id)) },
      { title: 'busy', value: busyText, right: true },
      { title: 'seen', value: worker => distanceText(worker.lastSeenAt, now), right: true },
      { title: 'queues', value: worker => (worker.queues.length === 0 ? 'any' : oneLine(worker.queues.join(' '))), widthMax: 40 },
      {
        title: 'labels',
        value: worker =>
          oneLine(
            Object.entries(worker.labels)
              .map(([name, value]) => `${name}=${value}`)
              .join(' '),
          ) || '-',
        widthMax: 40,
      },
      { title: 'serves', value: worker => oneLine(worker.serves.map(served => served.definition).join(' ')), widthMax: 60 },
    ],
    workers,
  )
}

function busyText({ running, slots, draining }: WireWorkers['workers'][number]): string {
  const stuck = running.filter(one => one.stuck).length
  return `${running.length}/${slots}${stuck === 0 ? '' : ` (${stuck} stuck)`}${draining ? ' draining' : ''}`
}

/** `mainspring key ls`. */
export function keysTable(keys: readonly { name: string; createdAt?: string }[], { now }: Look): string {
  if (keys.length === 0) return 'No API keys. Make one: mainspring key create NAME'
  return table(
    [
      { title: 'key', value: key => oneLine(key.name) },
      { title: 'created', value: key => (key.createdAt ? distanceText(key.createdAt, now) : '-'), right: true },
    ],
    keys,
  )
}

/** `mainspring config`: each value with where it came from, secrets masked. */
export function configTable(config: Config): string {
  return table(
    [
      { title: 'setting', value: name => SETTINGS[name].key },
      { title: 'value', value: name => settingText(config, name) },
      { title: 'from', value: name => config.origins[name] },
    ],
    SETTING_NAMES,
  )
}

export function settingText(config: Config, name: (typeof SETTING_NAMES)[number]): string {
  const value = shownSetting(config, name)
  if (value === null) return '-'
  return name === 'leaseMs' ? spanText(Number(value)) : oneLine(String(value))
}

/** `mainspring` alone: what is going on now, in ten lines, and what to type next. */
export function homeText(url: string, namespace: string, summary: WireSummary, look: Look): string {
  const { paint, now } = look
  const lastHour = Object.entries(summary.lastHour).filter(([, count]) => count > 0)
  const lines = [
    `${paint.bold('mainspring')} · ${namespace} at ${url} · ${countText(summary.workers, 'worker')}`,
    `  now        ${(['running', 'queued', 'scheduled', 'waiting', 'paused'] as const).map(state => `${summary[state]} ${paint.state(state)}`).join(' · ')}`,
    `  last hour  ${lastHour.map(([state, count]) => `${count} ${state}`).join(' · ') || 'nothing ended'}`,
    ...summary.failed
      .slice(0, 2)
      .map(run => `  ${paint.bad('failed')}     ${shortId(run.id)} ${oneLine(run.definition)}: ${clip(noteText(run, now))}`),
    ...summary.stuck
      .slice(0, 1)
      .map(
        run =>
          `  ${paint.bad((run.reason === 'parked' ? 'parked' : 'stuck').padEnd(10))} ${shortId(run.id)} ${oneLine(run.definition)}: ${clip(noteText(run, now))}`,
      ),
    ...summary.pauses
      .slice(0, 2)
      .map(pause => `  paused     ${pause.scope}${pause.name ? ` "${oneLine(pause.name)}"` : ''} ${pauseText(pause, now)}`),
    ...summary.next
      .slice(0, 1)
      .map(run => `  next due   ${shortId(run.id)} ${oneLine(run.definition)} ${run.nextAt ? distanceText(run.nextAt, now) : ''}`),
    `  type       ${nextCommand(summary)}`,
  ]
  return lines.map(line => line.trimEnd()).join('\n')
}

function clip(text: string): string {
  return text.length <= 90 ? text : `${text.slice(0, 89)}…`
}

/** The one command that most likely comes next. */
function nextCommand(summary: WireSummary): string {
  const stuck = summary.stuck[0]
  if (stuck) return `mainspring explain ${shortId(stuck.id)}`
  const pause = summary.pauses[0]
  if (pause && pause.scope !== 'namespace') return `mainspring ${pause.scope} resume ${pause.name}`
  const failed = summary.failed[0]
  if (failed) return `mainspring show ${shortId(failed.id)}`
  if (summary.queued > 0 && summary.workers === 0) return 'mainspring worker FILE...   (runs wait, and there is no worker)'
  if (summary.running + summary.queued + summary.scheduled + summary.waiting > 0) return 'mainspring list'
  return 'mainspring start NAME INPUT --follow'
}
