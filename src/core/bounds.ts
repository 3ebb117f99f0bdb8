/** Every queue, batch, cache and loop over foreign data has a bound, and the bound a name. Bytes are UTF-8 bytes unless said otherwise. */

/** An input, output, checkpoint or metadata. */
export const PAYLOAD_BYTES_MAX = 1024 * 1024
/** An HTTP body. */
export const BODY_BYTES_MAX = 16 * 1024 * 1024
/** Runs in one start call. */
export const STARTS_PER_CALL_MAX = 10_000
/** Tasks in one poll's answer; results, beats in one call. */
export const TASKS_PER_CALL_MAX = 1_000
/** Whose ends are asked for in one call. */
export const RUNS_AWAITED_MAX = 1_000
/** Log lines in one call, one line's message, and lines kept of one delivery. */
export const LOG_LINES_PER_CALL_MAX = 1_000
export const LOG_LINE_BYTES_MAX = 16 * 1024
export const LOG_LINES_PER_DELIVERY_MAX = 100_000
/** Signals to one run in one call. */
export const SIGNALS_PER_CALL_MAX = 1_000
/** A chunk of a stream, and what one write of a call brings. */
export const STREAM_CHUNK_BYTES_MAX = 256 * 1024
export const STREAM_WRITE_BYTES_MAX = 512 * 1024
export const STREAM_CHUNKS_PER_WRITE_MAX = 1_000
/** Streams of a run; all that they have, together; and steps that write to one at a time. */
export const STREAMS_PER_RUN_MAX = 32
/** Results of steps beside the history of a run, each over 1 MiB: streams of a sort. */
export const RESULTS_KEPT_PER_RUN_MAX = 64
export const STREAM_CHUNKS_PER_RUN_MAX = 1_000_000
export const STREAM_BYTES_PER_RUN_MAX = 64 * 1024 * 1024
export const STREAM_WRITERS_MAX = 256
/** Tags of a run; a name or value of one. */
export const TAGS_MAX = 20
export const TAG_LENGTH_MAX = 200
/** Names of definitions, queues, namespaces, workers. */
export const NAME_LENGTH_MAX = 200
export const KEY_LENGTH_MAX = 500
/** Assets that a task makes, and what an event of one says beside, in characters. */
export const OUTLETS_MAX = 50
export const ASSET_EXTRA_LENGTH_MAX = 2_048
/** How far an asset has come, in characters. */
export const WATERMARK_LENGTH_MAX = 16 * 1024
/** Definitions in one register call, and their schemas. */
export const DEFINITIONS_PER_CALL_MAX = 1_000
/** Limits of a definition; the largest limit, and weight in one; the longest window of a rate. */
export const LIMITS_PER_DEFINITION_MAX = 20
/** Notifications of a definition; addresses of one that goes by e-mail. */
export const NOTIFICATIONS_PER_DEFINITION_MAX = 20
export const EMAIL_ADDRESSES_MAX = 50
export const LIMIT_MAX = 1_000_000
export const RATE_WINDOW_MS_MAX = 366 * 86_400_000
/** Values of a fair key that have a weight of their own. */
export const WEIGHTS_MAX = 1_000
/** A failure as it is kept: message, stack, links of its chain of causes, errors of an AggregateError, and all of these together. */
export const FAILURE_TEXT_LENGTH_MAX = 16 * 1024
export const FAILURE_CAUSES_MAX = 10
export const FAILURE_ERRORS_MAX = 10
export const FAILURE_LINKS_MAX = 20
/** A page of any list. */
export const PAGE_DEFAULT = 50
export const PAGE_MAX = 1_000
/** Events of a history in one page. */
export const EVENTS_PAGE_MAX = 10_000
/** A long poll or a wait for a result. */
export const WAIT_MS_MAX = 60_000
/** A transition's orders and messages (E8). */
export const ORDERS_PER_TRANSITION_MAX = 1_000
/** The open batch of a lane (E23): above the first, starts are refused; above the second, everything but what frees memory. */
export const BATCH_BYTES_SOFT = 8 * 1024 * 1024
export const BATCH_BYTES_HARD = 64 * 1024 * 1024
export const BATCH_ACTORS_MAX = 5_000
/** Actors kept in memory beyond those that are needed (LRU), and ready tasks kept per group (E19). */
export const ACTORS_CACHED_MAX = 2_000
export const WINDOW_SIZE = 1_000
/** Events of a run kept in its row before a snapshot is written and they move to a segment. */
export const BODY_BYTES_BEFORE_SEGMENT = 16 * 1024
/** Timers in memory: those due within this time, and how many of them at most. */
export const TIMER_HORIZON_MS = 5 * 60_000
export const TIMERS_MAX = 200_000
