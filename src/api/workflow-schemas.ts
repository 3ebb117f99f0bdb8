import { Type } from 'typebox'
import { SIGNALS_PER_CALL_MAX, TASKS_PER_CALL_MAX, WAIT_MS_MAX } from '../core/bounds.ts'
import { DURATION_MS_MAX } from '../core/time.ts'
import { DAG_MAP_ITEMS_MAX, DAG_TASKS_MAX, ENTRIES_MAX } from '../engine/face.ts'
import { closed, count, Failure, InstantText, list, Name, Note, number, Payload, ref, runOptions, Start } from './schemas.ts'
import { StreamNameText } from './streams.ts'

const Step = Type.Union([count(1, Number.MAX_SAFE_INTEGER), Name], {
  description: 'the number of an operation in the history, or the name of a step',
})
const rerun = {
  tasks: Type.Optional({ ...list(Name, DAG_TASKS_MAX), description: 'of a DAG: tasks and groups that run again; default: what failed' }),
  items: Type.Optional({
    ...list(count(0, DAG_MAP_ITEMS_MAX - 1), DAG_MAP_ITEMS_MAX),
    description: 'of the mapped tasks that are named: these items alone, and with them what is of the same item of a mapped group',
  }),
  downstream: Type.Optional(Type.Boolean({ description: 'of a DAG: and all that wait for them' })),
  upstream: Type.Optional(Type.Boolean({ description: 'of a DAG: and all that they wait for' })),
  onlyFailed: Type.Optional(
    Type.Boolean({ description: 'of a DAG: of all these only what has failed, or could not run since what came before failed' }),
  ),
  newest: Type.Optional(Type.Boolean({ description: 'of a DAG: by its newest version; default: by that of the old run' })),
}
export const Fork = closed({ from: Type.Optional(Step), input: Type.Optional(Payload), ...rerun }, { title: 'Fork' })
export const Rerun = closed(
  {
    ...rerun,
    past: Type.Optional(Type.Boolean({ description: 'and in the runs of this DAG for earlier times' })),
    future: Type.Optional(Type.Boolean({ description: 'and in those for later times' })),
    from: Type.Optional({ ...InstantText, description: 'of these, for no time before this one' }),
    to: Type.Optional({ ...InstantText, description: 'of these, for no time after this one' }),
    dryRun: Type.Optional(Type.Boolean({ description: 'say what would run again, and change nothing' })),
  },
  { title: 'Rerun' },
)
export const Mark = closed(
  {
    as: Type.Enum(['success', 'failed', 'skipped']),
    output: Type.Optional({ ...Payload, description: 'what it gives; of one that succeeds; default: null' }),
    item: Type.Optional({ ...count(0, DAG_MAP_ITEMS_MAX - 1), description: 'of a mapped task; default: all of it that has not ended' }),
    why: Type.Optional(Note),
  },
  { title: 'MarkTask' },
)
export const Reset = closed({ to: Step }, { title: 'Reset' })
export const Signal = closed({ payload: Type.Optional(Payload) }, { title: 'Signal' })
export const Signals = closed(
  { signals: Type.Array(closed({ name: Name, payload: Type.Optional(Payload) }), { minItems: 1, maxItems: SIGNALS_PER_CALL_MAX }) },
  { title: 'Signals' },
)
export const Message = closed({ input: Type.Optional(Payload), wait: Type.Optional(count(0, WAIT_MS_MAX)) }, { title: 'Message' })
export const Query = closed(
  {
    ...Message.properties,
    version: Type.Optional({ ...Name, description: 'of the code that is asked, by a replay; absent: whichever has the run' }),
  },
  { title: 'Query' },
)
/** A start that tells a workflow something at once: the run that it starts, or the one that its key finds. */
export const StartRun = closed(
  {
    ...Start.properties,
    signal: Type.Optional(closed({ name: Name, ...Signal.properties }, { title: 'StartSignal', description: 'told in the same commit' })),
    update: Type.Optional(closed({ name: Name, ...Message.properties }, { title: 'StartUpdate', description: 'told once it is started' })),
  },
  { title: 'StartRun' },
)

const n = count(1, Number.MAX_SAFE_INTEGER)
const attempt = count(1, 1_000_000)
const EndMark = Type.Optional({ ...Payload, description: 'how far it has come, for the next run of its schedule' })
const End = Type.Union(
  [
    closed({ is: Type.Literal('completed'), output: Type.Optional(Payload), watermark: EndMark }),
    closed({ is: Type.Literal('failed'), reason: Name, failure: Failure }),
    closed({ is: Type.Literal('cancelled') }),
    closed({ is: Type.Literal('continued'), input: Type.Optional(Payload), watermark: EndMark }),
  ],
  { title: 'End' },
)
const Entry = Type.Union(
  [
    closed({ is: Type.Literal('begun'), n, name: Name }),
    closed({ is: Type.Literal('completed'), n, name: Name, attempt, output: Type.Optional(Payload) }),
    closed({ is: Type.Literal('failed'), n, name: Name, attempt, failure: Failure, retryMs: Type.Optional(number(0, DURATION_MS_MAX)) }),
    closed({ is: Type.Literal('timer'), n, forMs: Type.Optional(number(0, DURATION_MS_MAX)), until: Type.Optional(InstantText) }),
    closed({
      is: Type.Literal('wait'),
      n,
      signal: Name,
      timeoutMs: Type.Optional(number(0, DURATION_MS_MAX)),
      taken: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: Number.MAX_SAFE_INTEGER,
          description: 'the number of the event of a signal that the code had seen, and has gone on with',
        }),
      ),
      scoped: Type.Optional(
        Type.Literal(true, { description: 'it may be dropped, and gives a signal back that it was given before the code had seen that' }),
      ),
    }),
    closed(
      { is: Type.Literal('dropped'), n },
      {
        description:
          'the code does not wait for this operation any more: it is taken away, a child asked to stop. Before any other entries of the call',
      },
    ),
    closed({ is: Type.Literal('patched'), id: Name }),
    closed({
      is: Type.Literal('child'),
      n,
      definition: Name,
      input: Type.Optional(Payload),
      options: Type.Optional(closed({ ...runOptions, metadata: Type.Optional(Payload) }, { title: 'ChildOptions' })),
      detached: Type.Optional(Type.Boolean()),
      parentClose: Type.Optional(
        Type.Enum(['terminate', 'abandon'], { description: 'what becomes of it when the run closes; absent: it is asked to stop' }),
      ),
    }),
    closed({
      is: Type.Literal('answered'),
      update: count(0, Number.MAX_SAFE_INTEGER),
      output: Type.Optional(Payload),
      failure: Type.Optional(Failure),
    }),
    closed({ is: Type.Literal('shown'), shown: Type.Optional(Payload), metadata: Type.Optional(Payload) }),
    closed({ is: Type.Literal('promise'), n, name: Name, token: Name, timeoutMs: Type.Optional(number(0, DURATION_MS_MAX)) }),
    closed({ is: Type.Literal('write'), n, stream: StreamNameText, chunk: Payload }),
    closed({ is: Type.Literal('close'), n, stream: StreamNameText }),
    closed({ is: Type.Literal('finished'), end: End }),
  ],
  { title: 'Entry' },
)
export const Advance = closed(
  {
    worker: Name,
    advances: list(
      closed({
        ...ref,
        call: count(1, Number.MAX_SAFE_INTEGER),
        upTo: count(0, Number.MAX_SAFE_INTEGER),
        yields: Type.Boolean(),
        ahead: Type.Optional(count(0, ENTRIES_MAX)),
        entries: list(Entry, ENTRIES_MAX),
      }),
      TASKS_PER_CALL_MAX,
    ),
  },
  { title: 'Advance' },
)
/** Where payloads are in it. */
export const ADVANCE_RAW = {
  advances: [
    {
      entries: [
        {
          output: 'raw',
          input: 'raw',
          shown: 'raw',
          metadata: 'raw',
          chunk: 'raw',
          options: { metadata: 'raw' },
          end: { output: 'raw', input: 'raw', watermark: 'raw' },
        },
      ],
    },
  ],
} as const
