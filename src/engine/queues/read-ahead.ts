import type { RunId } from '../../core/ids.ts'
import type { OpenRow } from '../../store/store.ts'
import type { Window } from './window.ts'

/** About what a row takes beside its texts. */
const ROW_BYTES = 500

/** Rows of ready tasks that windows have read and nobody has in memory: by run, so that the row goes as soon as its run is loaded. */
export class ReadAhead {
  private readonly rows = new Map<RunId, { row: OpenRow; window: Window }>()
  bytes = 0

  add(row: OpenRow, window: Window): void {
    this.rows.set(row.id, { row, window })
    this.bytes += bytesOf(row)
  }

  drop(row: OpenRow): void {
    this.rows.delete(row.id)
    this.bytes -= bytesOf(row)
  }

  /** Its run is in memory, where it may change. */
  loaded(id: RunId): void {
    const known = this.rows.get(id)
    if (known !== undefined) known.window.loaded(known.row)
  }
}

function bytesOf({ body, input }: OpenRow): number {
  return ROW_BYTES + body.length + (input?.length ?? 0)
}
