import { type ActivityView, ACTIVITY_HOURS_MAX as HOURS_MAX } from '../engine/face.ts'
import { Activity } from './answers.ts'
import { formatInstant } from './instants.ts'
import { between, type Operation, operation } from './operation.ts'

const HOURS_DEFAULT = 6

export const activity: Operation[] = [
  operation({
    name: 'activity.get',
    method: 'GET',
    path: '/v1/namespaces/{namespace}/activity',
    summary: 'What started and closed in the last hours, how long tasks waited and attempts ran: in steps of a minute or more',
    query: { hours: between(1, HOURS_MAX, HOURS_DEFAULT) },
    answers: { 200: Activity },
    handle: async ({ engine, params, query }) =>
      JSON.stringify(activityJson(await engine.activity.get(params.namespace, query.hours ?? HOURS_DEFAULT))),
  }),
]

function activityJson({ from, stepMs, points, queues, since, countedSince }: ActivityView): object {
  return {
    from: formatInstant(from),
    stepMs,
    points: points.map(point => ({ ...point, at: formatInstant(point.at) })),
    queues,
    since: formatInstant(since),
    countedSince: formatInstant(countedSince),
  }
}
