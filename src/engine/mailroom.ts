import type { UserError } from '../core/errors.ts'
import type { ActorId } from '../core/ids.ts'
import type { Answered, WatchedRun } from '../core/machine.ts'
import type { KeyName, MailRow } from '../store/store.ts'
import { commands, type PageDesk } from './batches/page.ts'
import type { Between } from './between.ts'
import { answer, give, type Letter, needsOf, receive, type StartAsked, wasStarted } from './mail.ts'
import { planItem, planOrder } from './starts.ts'
import { watch } from './watchers.ts'
import type { Transaction, Work } from './work.ts'

/** Letters that are taken in one commit. */
const LETTERS_PER_COMMIT_MAX = 100
/** After letters that could not be taken. */
const AGAIN_MS = 100

export interface MailroomOptions extends PageDesk {
  /** Everything that lies there, in the order of each channel; from a cursor on. */
  read(after: string | null): Promise<{ rows: MailRow[]; next: string | null }>
  isHere(id: ActorId): boolean
  between: Between
  /** Whatever was taken before this lane's memory was made anew is still under way. */
  isBusy(): boolean
  submit(work: Work): void
  failed(error: unknown): void
  /** How often it is looked without a hint; null: nobody else could send anything. */
  everyMs: number | null
}

/**
 * Takes the letters to a lane (E7): those of one channel in order, each once. A letter is taken by the batch that does what it says, and is gone with it; nothing is
 * read again before all that was read is taken, so that no letter is read twice.
 */
export class Mailroom {
  private readonly options: MailroomOptions
  private looking = false
  private again = false
  private ended = false
  private stop: () => void = () => {}

  constructor(options: MailroomOptions) {
    this.options = options
  }

  /** Looks now, and from time to time. */
  start(): void {
    this.hint()
  }

  end(): void {
    this.ended = true
    this.stop()
  }

  /** There may be letters. */
  hint(): void {
    if (this.looking) this.again = true
    else if (!this.ended) void this.look()
  }

  private async look(): Promise<void> {
    const { world, failed, everyMs } = this.options
    this.looking = true
    this.stop()
    let waitMs = everyMs
    do {
      this.again = false
      try {
        if (!(await this.takeAll())) waitMs = AGAIN_MS
      } catch (error) {
        if (!this.ended) failed(error)
      }
    } while (this.again && waitMs === everyMs && !this.ended)
    this.looking = false
    if (!this.ended && waitMs !== null) this.stop = world.clock.after(waitMs, () => this.hint())
  }

  /** Takes what was sent between parts of this lane before they came into it, and what comes of that, until none is left. What cannot be taken is looked at again. */
  async catchUp(): Promise<void> {
    const { between } = this.options
    between.inherited = true
    this.looking = true
    while (between.inherited && (await this.takeAll()));
    this.looking = false
  }

  /** False: some could not be taken. */
  private async takeAll(): Promise<boolean> {
    if (this.options.isBusy()) return false
    for (let after: string | null = null; ; ) {
      const page: { rows: MailRow[]; next: string | null } = await this.options.read(after)
      if (this.ended) return false
      if (page.rows.length === 0 && after === null) this.options.between.inherited = false
      const channels = Map.groupBy(page.rows, ({ from, to }) => from * 256 + to)
      const taken = await Promise.all([...channels.values()].map(rows => this.takeChannel(rows)))
      if (this.ended || taken.includes(false)) return false
      if (page.next === null) return true
      after = page.next
    }
  }

  private async takeChannel(rows: readonly MailRow[]): Promise<boolean> {
    for (let at = 0; at < rows.length; at += LETTERS_PER_COMMIT_MAX) {
      const some = rows.slice(at, at + LETTERS_PER_COMMIT_MAX)
      const error = await this.take(some)
      if (error === null) continue
      if (!isAtFault(error)) return false
      // One of them is at fault (E14): alone it is refused, and the others go on.
      for (const row of some) {
        const alone = some.length === 1 ? error : await this.take([row])
        if (alone !== null && (!isAtFault(alone) || (await this.refuse(row, alone)) !== null)) return false
      }
    }
    return true
  }

  private take(rows: readonly MailRow[]): Promise<UserError | null> {
    const letters = rows.map(row => this.open(row))
    return this.commit({
      ids: [...new Set(letters.flatMap(({ ids }) => ids))],
      keys: letters.flatMap(({ keys = [] }) => keys),
      further(transaction) {
        const further = letters.map(letter => letter.further?.(transaction) ?? {})
        return { ids: further.flatMap(({ ids = [] }) => ids), keys: further.flatMap(({ keys = [] }) => keys) }
      },
      bytes: rows.reduce((sum, { body }) => sum + 300 + body.length, 0),
      execute(transaction) {
        for (const [index, row] of rows.entries()) {
          transaction.take(row)
          ;(letters[index] as Opened).read(transaction)
        }
      },
    })
  }

  /** Whoever sent it is told; where that throws, too, nobody is. */
  private async refuse(row: MailRow, { code }: UserError): Promise<UserError | null> {
    this.options.world.log('error', 'a letter between two runs could not be read', { letter: row.body, why: code })
    const { ids, refuse } = this.open(row)
    const told = await this.commit({
      ids,
      bytes: 300,
      execute(transaction) {
        transaction.take(row)
        refuse(code, transaction)
      },
    })
    if (told === null || !isAtFault(told)) return told
    return this.commit({ ids: [], bytes: 100, execute: transaction => transaction.take(row) })
  }

  /** Why it was not done; null: it was. */
  private commit(work: Pick<Work, 'ids' | 'keys' | 'further' | 'bytes' | 'execute'>): Promise<UserError | null> {
    return new Promise(resolve => this.options.submit({ ...work, done: () => resolve(null), failed: resolve }))
  }

  private open({ body }: MailRow): Opened {
    const letter = JSON.parse(body) as Letter
    const { definitions, world, isHere } = this.options
    switch (letter.is) {
      case 'tell':
        return { ids: [letter.to], read: transaction => receive(letter.to, letter.input, transaction, letter.creates), refuse: () => {} }
      case 'start': {
        const { namespace, reference, run, order, sender } = letter
        const asked = { namespace, reference, run, planned: planOrder(namespace, run, order, definitions) }
        return {
          ...this.starting(asked, sender),
          read: transaction => give(run, sender, answer(asked, transaction, world), transaction),
          refuse(refusal, transaction) {
            const refused: Answered = { is: 'answered', reference, run: null, closed: false, refusal }
            give(run, sender, refused, transaction)
          },
        }
      }
      case 'item': {
        const { namespace, batch, run } = letter
        const asked = { namespace, reference: 0, run, planned: planItem(letter, definitions) }
        return {
          ...this.starting(asked, batch),
          read(transaction) {
            // The call that asked for it was repeated: its batch counts it already.
            const isCounted = wasStarted(namespace, run, transaction)
            const { refusal } = answer(asked, transaction, world)
            give(run, batch, { is: 'item_answered', run: refusal === null && !isCounted ? run : null } as { is: string }, transaction)
          },
          refuse: (_, transaction) => give(run, batch, { is: 'item_answered', run: null } as { is: string }, transaction),
        }
      }
      case 'watch': {
        const { watcher, run } = letter
        const tell = (news: WatchedRun | null, transaction: Transaction): void => {
          if (news !== null) give(run, watcher, news, transaction)
        }
        return {
          ids: isHere(watcher) ? [run, watcher] : [run],
          read: transaction => tell(watch(letter, transaction), transaction),
          refuse: (code, transaction) =>
            tell(
              { is: 'watched_run', run, found: null, refused: { code, why: `what it was told of this wait could not be kept: ${code}` } },
              transaction,
            ),
        }
      }
      case 'page': {
        const { namespace, asking, runs } = letter
        const { carryOut, ...needs } = commands({ batch: asking.batch, namespace, operation: asking.operation, runs }, { definitions, world })
        const { batch } = asking
        const tell = (result: object, transaction: Transaction): void =>
          give(runs[0] as string, batch, { is: 'commanded', ...result } as { is: string }, transaction)
        return {
          ...needs,
          ids: isHere(batch) ? [...needs.ids, batch] : needs.ids,
          read: transaction => tell(carryOut(asking, transaction), transaction),
          refuse: (code, transaction) => tell({ done: 0, skipped: 0, refusals: runs.map(run => ({ run, code })) }, transaction),
        }
      }
    }
  }

  private starting(asked: StartAsked, sender: ActorId): { ids: ActorId[]; keys?: readonly KeyName[]; further?: Work['further'] } {
    const { keys = [], further } = needsOf(asked)
    return {
      ids: this.options.isHere(sender) ? [asked.run, sender] : [asked.run],
      keys,
      ...(further === undefined ? {} : { further }),
    }
  }
}

interface Opened {
  ids: readonly ActorId[]
  keys?: readonly KeyName[]
  further?: Work['further']
  read(transaction: Transaction): void
  /** Answers whoever waits for an answer. */
  refuse(code: string, transaction: Transaction): void
}

/** It would be refused again. */
function isAtFault({ code }: UserError): boolean {
  return code === 'internal' || code === 'refused-data'
}
