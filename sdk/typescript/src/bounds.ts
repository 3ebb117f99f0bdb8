/** The server's bounds that the SDK tells about before anything is sent. Bytes are UTF-8 bytes. */

/** An input, output, checkpoint or metadata. */
export const PAYLOAD_BYTES_MAX = 1024 * 1024
/** A result of a step in a workflow: what is larger than a payload is kept beside the history. */
export const RESULT_BYTES_MAX = 16 * 1024 * 1024
/** What one request of the SDK's own batching carries; the server takes 16 MiB. */
export const BODY_BYTES_WANTED = 8 * 1024 * 1024
export const STARTS_PER_CALL_MAX = 10_000
/** Tasks in one poll's answer; results, beats in one call. */
export const TASKS_PER_CALL_MAX = 1_000
/** Runs whose ends are asked for in one call. */
export const RUNS_AWAITED_MAX = 1_000
export const LOG_LINES_PER_CALL_MAX = 1_000
export const LOG_LINE_BYTES_MAX = 16 * 1024
/** Log lines kept in the worker while they cannot be sent; more are dropped and counted. */
export const LOG_LINES_BUFFERED_MAX = 10_000
/** Signals to one run in one call. */
export const SIGNALS_PER_CALL_MAX = 1_000
/** A chunk of a stream, and what is written to one in one call. */
export const STREAM_CHUNK_BYTES_MAX = 256 * 1024
export const STREAM_WRITE_BYTES_MAX = 512 * 1024
/** A file of a run. */
export const FILE_BYTES_MAX = 32 * 1024 * 1024
export const STREAM_CHUNKS_PER_WRITE_MAX = 1_000
/** Results kept in the worker while they cannot be sent; at this many it takes no further tasks. */
export const RESULTS_UNANSWERED_MAX = 5_000
/** Delivery ids that are remembered, so that a task given twice runs once. */
export const DELIVERIES_REMEMBERED = 20_000
export const TAGS_MAX = 20
export const TAG_LENGTH_MAX = 200
export const NAME_LENGTH_MAX = 200
export const KEY_LENGTH_MAX = 500
export const DEFINITIONS_PER_CALL_MAX = 1_000
/** Limits of a definition; the largest limit, and weight in one; the longest window of a rate. */
export const LIMITS_PER_DEFINITION_MAX = 20
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
export const WAIT_MS_MAX = 60_000
/** Nesting of a value. JSON itself has no bound, a call stack has. */
export const DEPTH_MAX = 500
/** Events of a stream that wait for a slow reader; more are dropped and told as `lagged`. */
export const EVENTS_BUFFERED_MAX = 1_000
