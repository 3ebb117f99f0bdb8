import type { Endpoint } from './endpoint.ts'

/** What AWS Lambda brings of a function URL or an HTTP API (payload 2.0), or of a REST API or load balancer (1.0). */
export interface LambdaEvent {
  headers?: Readonly<Record<string, string | undefined>>
  body?: string | null
  isBase64Encoded?: boolean
  rawPath?: string
  path?: string
  httpMethod?: string
  requestContext?: { http?: { method?: string } }
}
export interface LambdaAnswer {
  statusCode: number
  headers: Record<string, string>
  body: string
}

/** All lines come at once, at the end: logs and progress are not live, and the time of one request is that of the function. */
export function lambdaHandler(endpoint: Endpoint): (event: LambdaEvent) => Promise<LambdaAnswer> {
  return async event => {
    const { headers = {}, body, isBase64Encoded = false, rawPath, path, httpMethod, requestContext } = event
    const method = requestContext?.http?.method ?? httpMethod ?? 'POST'
    const given = Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as [string, string]]))
    const text = isBase64Encoded ? Buffer.from(body ?? '', 'base64').toString() : (body ?? '')
    const host = headers.host ?? headers.Host ?? 'localhost'
    const url = new URL(rawPath ?? path ?? '/', `https://${host}`)
    const answer = await endpoint(new Request(url, { method, headers: given, ...(method === 'POST' && { body: text }) }))
    return { statusCode: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.text() }
  }
}
