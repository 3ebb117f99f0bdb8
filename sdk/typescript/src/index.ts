/**
 * Mainspring: define jobs, start runs, wait for them, look at them.
 *
 * ```ts
 * import { job } from '@mainspring/sdk'
 *
 * export const greet = job('greet', async ({ name }: { name: string }, ctx) => {
 *   ctx.log.info('greeting', { name })
 *   return `Hello, ${name}`
 * })
 *
 * const run = await greet.start({ name: 'Ada' }, { key: 'ada', delay: '10m' })
 * console.log(await run.result({ timeout: '1h' }))
 * ```
 *
 * - **Define**: `job(name, options?, handler)`. Options: `JobOptions` (input schema, queue, priority, retry, timeout, expires, exhausted, retention, unique, tags, labels;
 *   limits, fair, sequence, cost, batch, debounce, throttle, onFailure).
 * - **Workflow**: `workflow(name, options?, async (input, ctx) => …)`, a function that survives crashes and months of sleep. `WorkflowContext`: run, sleep, waitFor,
 *   call, start, compensate, now, random, uuid, continueAs; `run.signal(name, payload)` from outside.
 * - **Entity**: `entity(name, { state: key => ({…}), calls: { add: (state, input, ctx) => … } })`, one actor per key: `await cart.of('u1').add('book')`.
 * - **DAG**: `dag(name, options?, d => …)`, tasks that wait for one another: `d.task`, `d.map`, `d.branch`, `d.shortCircuit`, `d.sensor`, `d.setup`, `d.teardown`, `d.join`,
 *   `d.group`. Each is a job of its own; its context has `interval` and `dag` as well.
 * - **Start**: `job.start(input, options?)`, `job.startMany(items)`; inside a handler `ctx.start(job, input)`. Options: `StartOptions` (key, delay, at and the above).
 * - **Start in a transaction** of your own PostgreSQL: `outbox.start(transaction, job, input, options?)`; exactly once if it commits.
 * - **Schedule**: `schedule(name, options, job, input)`; `Schedule` has pause, resume, trigger, backfill, ledger, preview, explain; `client.schedules`.
 * - **Limit**: `limits: [{ per: 'user', concurrency: 2 }, { rate: 100, every: '1m' }]` of a job; `client.limits` has list, get, set, reset.
 * - **Batch**: `batch(options).add(job, items).start()`, with callbacks; `client.batches.bulk({ operation, where })` for many runs at once.
 * - **Wait and look**: `RunHandle` (result, cancel, terminate, retry, get, logs, explain, events); `client.handle(id)`, `client.runs.list(filter)`.
 * - **Run**: `startWorker({ jobs, schedules, middleware })` of `@mainspring/sdk/worker`, `mainspring worker FILE`, `mainspring dev`, or behind HTTP `serve(app, jobs)` of
 *   `@mainspring/sdk/serve`. The handler's `JobContext`: log, progress,
 *   checkpoint, signal, taskKey, nominalTime, start, snooze; of a job with `batch` a `BundleContext`.
 * - **Where**: `MAINSPRING_URL` (default http://127.0.0.1:7575), `MAINSPRING_API_KEY`, `MAINSPRING_NAMESPACE` (default `default`), or `connect(options)` with
 *   `setDefaultClient(client)`.
 * - **Values** are JSON plus Date, bigint, Map, Set, URL, bytes and Error; see `encode`.
 * - **Errors** have a stable `code`, `at` (JSON pointer to the place) and `hint` (a way out); see `MainspringError` and the classes beside it.
 */

export type { Approval } from './approvals.ts'
export type { ArtifactOptions, Artifacts, ImageType, Table } from './artifacts.ts'
export type { AssetExpression, AssetFacts, Assets, AssetTrigger, Outlet } from './assets.ts'
export { Batch, type BatchCallback, type BatchCallbackInput, type BatchOptions, batch } from './batch.ts'
export { BatchHandle, type BatchSummary } from './batch-handle.ts'
export type { Batches, Bulk, BulkWhere } from './batches.ts'
export { Client, type ClientOptions, connect } from './client.ts'
export { type Clock, delayed, systemClock } from './clock.ts'
export { decode, encode, type Tagged } from './codec.ts'
export type { BundleContext, BundleItem, Checkpoints, ConnectionFacts, ContextStartOptions, JobContext, Log } from './context.ts'
export { currentClient, setDefaultClient, withClient } from './current.ts'
export type {
  After,
  ApprovalOptions,
  CacheOptions,
  ClosedRun,
  ClosedRunOptions,
  DagBuilder,
  DagContext,
  DagTaskOptions,
  MapOptions,
  OtherRun,
  OtherRunOptions,
  Ref,
  Task,
  TaskFunction,
  UntilOptions,
  WaitOptions,
} from './dag/builder.ts'
export { type AnyDag, type Dag, type DagFunction, type DagOptions, dag, isDag, withTasks } from './dag/define.ts'
export { type Duration, durationMs } from './duration.ts'
export {
  Abort,
  AttemptTimedOut,
  Cancelled,
  CancelRequested,
  type InputIssue,
  InvalidInput,
  InvalidOption,
  LeaseLost,
  MainspringError,
  RequestRefused,
  ResultGone,
  ResultTimeout,
  RunCancelled,
  RunEnded,
  RunFailed,
  RunTerminated,
  RunTimedOut,
  Skip,
  StreamRefused,
  Unreachable,
  Unserialisable,
  UpdateTimeout,
  WorkerStopping,
} from './errors.ts'
export { errorOf, failureOf } from './failure.ts'
export type { FileData, Files, StoredFile } from './files.ts'
export { RunHandle, type Started } from './handle.ts'
export { type HttpOptions, httpConnection } from './http.ts'
export { newId } from './ids.ts'
export { type AnyJob, type BundleHandler, type Handler, type Job, job, type StartItem } from './job.ts'
export type { LimitSettings, LimitSize, Limits } from './limits.ts'
export type { JobOptions, JobRetryOptions, OpenState, RetryOptions, RunOptions, StartOptions, TimeoutOptions, UniqueOption } from './options.ts'
export { Outbox, type OutboxArguments, type OutboxStartOptions, type OutboxStatement, type OutboxTransaction, outbox } from './outbox.ts'
export { portConnection, type Served, servePort } from './port.ts'
export type { ConcurrencyRule, LimitRule, Notification, NotificationEvent, PoolRule, RateRule, RuleOptions } from './rule-options.ts'
export type { Run, RunFilter } from './runs.ts'
export { isSchedule, type Schedule, type ScheduleInput, type ScheduleOptions, schedule } from './schedule.ts'
export type { BackfillRange, LedgerFilter, PauseEnd, ScheduleName, Schedules } from './schedules.ts'
export type { InferInput, InferOutput, StandardSchema } from './schema.ts'
export { RateLimited, Snooze } from './snooze.ts'
export { sourceOf } from './source.ts'
export type { DurableStreamWriter, StreamChunk, StreamWriter } from './streams.ts'
export type { Blackout, Calendar, CronText, Every, Solar, Timetable } from './timetable.ts'
export type * from './wire.ts'
export { CALL_KEY_HEADER, OPERATIONS, STREAMS } from './wire.ts'
export type { WireApproval, WireApprovals } from './wire-approvals.ts'
export { DOWNLOADS } from './wire-files.ts'
export { partsOf, type Work } from './work.ts'
export type {
  CallArguments,
  CallOptions,
  ChildOptions,
  ExternalPromise,
  Lock,
  LockOptions,
  Scope,
  ScopeOptions,
  StepContext,
  StepOptions,
  UpdateOptions,
  WorkflowContext,
  WorkflowHandler,
} from './workflow/context.ts'
export { type Workflow, type WorkflowOptions, workflow } from './workflow/define.ts'
export {
  type Entity,
  type EntityCall,
  type EntityCallOptions,
  type EntityCalls,
  type EntityHandle,
  type EntityOptions,
  entity,
} from './workflow/entity.ts'
export { ContinueAs, Diverged, NotDurable } from './workflow/errors.ts'
export type { QueuedStepOptions, StepKey } from './workflow/queued.ts'
export { type RecordedRun, type Replayed, replay } from './workflow/replay.ts'
export { type Signal, signal } from './workflow/signal.ts'
