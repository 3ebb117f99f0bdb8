import { type Static, Type } from 'typebox'
import {
  ARTIFACT_BYTES_MAX,
  ARTIFACT_CHUNKS,
  ARTIFACT_IMAGE_BYTES_MAX,
  ARTIFACT_KINDS,
  artifactOfStream,
  IMAGE_TYPES,
  type ImageType,
  streamOfArtifact,
} from '../core/artifact.ts'
import { UserError } from '../core/errors.ts'
import { object, orNull, Time } from './answers.ts'
import { foundText } from './check.ts'
import { formatInstant } from './instants.ts'
import { type Operation, operation } from './operation.ts'
import { closed, Name, Payload, ref } from './schemas.ts'
import { StreamNameText, StreamStep } from './streams.ts'

const RUN = '/v1/namespaces/{namespace}/runs/{run}'
const COLUMNS_MAX = 200
const ROWS_MAX = 10_000

const Kind = Type.Enum([...ARTIFACT_KINDS])
export const ArtifactSummary = object({ name: Type.String(), kind: Kind }, 'ArtifactSummary')
export const Artifacts = object({ artifacts: Type.Array(ArtifactSummary) }, 'Artifacts')
export const Artifact = object(
  {
    name: Type.String(),
    kind: Kind,
    title: orNull(Type.String()),
    type: orNull(Type.String({ description: 'of an image' })),
    at: Time,
    attempt: Type.Integer(),
    step: orNull(Type.String({ description: 'which step wrote it; null: the code of the run' })),
    value: { ...Payload, description: 'of a table { columns, rows }, of Markdown its text, of an image base64, of a link its address' },
  },
  'Artifact',
)
export const ArtifactWrite = closed(
  {
    worker: Name,
    ...ref,
    step: Type.Optional(StreamStep),
    put: { ...Name, description: 'a name of this call alone' },
    name: StreamNameText,
    kind: Kind,
    title: Type.Optional(Type.String({ maxLength: 200, description: 'a text of at most 200 characters' })),
    type: Type.Optional(Type.Enum([...IMAGE_TYPES])),
    value: Payload,
  },
  { title: 'ArtifactWrite' },
)
export const ArtifactKept = object(
  {
    is: Type.Enum(['kept', 'full', 'lost'], { description: '`lost`: another has the task. `full`: over a bound of the run. Nothing was kept then' }),
  },
  'ArtifactKept',
)

export const artifacts: Operation[] = [
  operation({
    name: 'runs.artifacts',
    method: 'GET',
    path: `${RUN}/artifacts`,
    summary: 'What a run has left to be looked at, by name',
    answers: { 200: Artifacts },
    handle: async ({ engine, params, runId }) => {
      const { artifacts = [] } = await engine.runs.get(params.namespace, await runId())
      return JSON.stringify({ artifacts })
    },
  }),
  operation({
    name: 'runs.artifact',
    method: 'GET',
    path: `${RUN}/artifacts/{name}`,
    summary: 'One of them, as it was written last',
    answers: { 200: Artifact },
    async handle({ engine, params: { namespace, name }, runId }) {
      const run = await runId()
      const stream = streamOfArtifact(name)
      const heads = await engine.runs.streams(namespace, run, true)
      const head = heads.find(one => one.name === stream)
      if (head === undefined) {
        const known = heads.flatMap(one => artifactOfStream(one.name) ?? [])
        throw new UserError('artifact-not-found', { at: '/path/name', found: name, hint: `there are: ${known.join(', ') || 'none'}` })
      }
      const { rows } = await engine.runs.stream(namespace, run, stream, head.chunks - 1 - ARTIFACT_CHUNKS, 1)
      const row = rows[0] as (typeof rows)[number]
      const [said = '', one = '', other = ''] = row.chunks.split('\n')
      const { kind, title = null, type = null } = JSON.parse(said) as { kind: string; title?: string; type?: string }
      const value = kind === 'image' ? JSON.stringify(JSON.parse(one) + JSON.parse(other)) : one
      const facts = { name, kind, title, type, at: formatInstant(row.at), attempt: row.attempt, step: row.step }
      return `${JSON.stringify(facts).slice(0, -1)},"value":${value}}`
    },
  }),
  operation({
    name: 'tasks.artifact',
    method: 'POST',
    path: '/v1/namespaces/{namespace}/tasks/artifact',
    summary: 'Keep an artifact of a task under way; one of its name is replaced, and a repeat changes nothing',
    body: { schema: ArtifactWrite, raw: { value: 'raw' } },
    answers: { 200: ArtifactKept },
    async handle({ engine, params: { namespace }, body, payloads }) {
      const { worker, put, name, step = null, run, task, attempt, delivery } = body
      const chunks = chunksOf(body, payloads[body.value as number] as string)
      const write = { run, task, attempt, delivery, stream: streamOfArtifact(name), step, writer: `${body.kind}:${put}`, from: 0, chunks }
      const [is] = await engine.tasks.stream(namespace, worker, [write])
      return JSON.stringify({ is: is === 'closed' ? 'lost' : is })
    },
  }),
]

function chunksOf({ kind, title, type }: Static<typeof ArtifactWrite>, json: string): string[] {
  const said = JSON.stringify({ kind, ...(title !== undefined && { title: title.toWellFormed() }), ...(type !== undefined && { type }) })
  if ((kind === 'image') !== (type !== undefined))
    throw new UserError('invalid-option', { at: '/type', hint: `an image has a type, and nothing else has: ${IMAGE_TYPES.join(', ')}` })
  const value: unknown = JSON.parse(json)
  if (kind === 'image') {
    const text = checkedImage(value, type as ImageType)
    const half = Math.ceil(text.length / 2)
    return [said, JSON.stringify(text.slice(0, half)), JSON.stringify(text.slice(half))]
  }
  const checked = JSON.stringify(kind === 'table' ? checkedTable(value) : kind === 'link' ? checkedLink(value) : checkedText(value))
  const bytes = Buffer.byteLength(checked)
  if (bytes > ARTIFACT_BYTES_MAX) throw tooLarge(bytes, ARTIFACT_BYTES_MAX)
  return [said, checked, 'null']
}

function checkedText(value: unknown): string {
  if (typeof value !== 'string') throw wrong('/value', value, 'a text')
  return value
}

/** Only where a click leads to a page, and to nothing that is run here. */
function checkedLink(value: unknown): string {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : null
  if (url === null || !/^https?:$/.test(url.protocol)) throw wrong('/value', value, 'an address of http: or https:')
  return url.href
}

function checkedTable(value: unknown): object {
  const { columns, rows } = (value ?? {}) as { columns?: unknown; rows?: unknown }
  if (!Array.isArray(columns) || columns.length > COLUMNS_MAX || !columns.every(name => typeof name === 'string'))
    throw wrong('/value/columns', columns, `a list of at most ${COLUMNS_MAX} names`)
  if (!Array.isArray(rows) || rows.length > ROWS_MAX)
    throw wrong('/value/rows', Array.isArray(rows) ? rows.length : rows, `a list of at most ${ROWS_MAX} rows`)
  const bad = rows.findIndex(row => !Array.isArray(row) || row.length > columns.length)
  if (bad >= 0) throw wrong(`/value/rows/${bad}`, rows[bad], `a list of at most ${columns.length} values`)
  return { columns, rows }
}

const SIGNS: Readonly<Record<ImageType, RegExp>> = {
  'image/png': /^89504e470d0a1a0a/,
  'image/jpeg': /^ffd8ff/,
  'image/gif': /^47494638/,
  'image/webp': /^52494646.{8}57454250/,
}

/** What it says it is. */
function checkedImage(value: unknown, type: ImageType): string {
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/]+={0,2}$/.test(value)) throw wrong('/value', value, 'the bytes of the image in base64')
  const bytes = Buffer.from(value, 'base64')
  if (bytes.length > ARTIFACT_IMAGE_BYTES_MAX) throw tooLarge(bytes.length, ARTIFACT_IMAGE_BYTES_MAX)
  if (!SIGNS[type].test(bytes.subarray(0, 12).toString('hex'))) throw wrong('/value', value, `an image of the type ${type}`)
  return bytes.toString('base64')
}

function wrong(at: string, found: unknown, meant: string): UserError {
  return new UserError('invalid-input', {
    at,
    ...(found !== undefined && { found: foundText(typeof found === 'string' ? found.slice(0, 60) : found) }),
    hint: `expected ${meant}`,
  })
}

function tooLarge(bytes: number, most: number): UserError {
  return new UserError('payload-too-large', {
    at: '/value',
    found: bytes,
    hint: `at most ${most} bytes: keep the whole elsewhere, and a link to it here`,
  })
}
