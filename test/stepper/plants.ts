import { INCARNATION } from '../../src/store/postgres/commit.ts'

/** What a statement is sent as. */
export type Rewrite = (sql: string) => string

export const ISOLATIONS = ['read committed', 'repeatable read', 'serializable'] as const
export type Isolation = (typeof ISOLATIONS)[number]

/** A rule that is broken: in the SQL that leaves, or in what the program makes of the answers. */
export interface Plant {
  rule: 'E1' | 'E2' | 'E3' | 'E4' | 'E20'
  /** A part of a statement, and what stands there instead. */
  sql?: readonly [is: string, becomes: string][]
  /** Answers a client as soon as its statement is through. */
  answersEarly?: boolean
  /** Settles what became of a batch by looking. */
  settlesByReading?: boolean
  /** The scenario that shows it, and the isolation at which. */
  seenIn: string
  at: Isolation
}

export const PLANTS: Readonly<Record<string, Plant>> = {
  'a batch does not lock its claim': {
    ...{ rule: 'E1', seenIn: 'a takeover and a batch', at: 'read committed' },
    sql: [[' order by c.lane for share', ' order by c.lane']],
  },
  'a batch does not ask whether its claim stands': {
    ...{ rule: 'E1', seenIn: 'a takeover and a batch', at: 'read committed' },
    sql: [['c.claim = any($6::text[]) and c.stands and', 'c.claim = any($6::text[]) and']],
  },
  'a takeover leaves the dead claim as it is': {
    ...{ rule: 'E1', seenIn: 'a takeover and a batch', at: 'read committed' },
    sql: [
      ['set stands = false where lane in', 'set stands = false where false and lane in'],
      ['where c.lane = s.lane and c.stands and', 'where false and c.lane = s.lane and c.stands and'],
    ],
  },
  'a read does not look at its claim': {
    ...{ rule: 'E1', seenIn: 'a takeover and a read', at: 'read committed' },
    sql: [['claim = $2 and stands and', 'claim = $2 and']],
  },
  'a batch does not look at the timeline': {
    ...{ rule: 'E2', seenIn: 'a fail-over', at: 'read committed' },
    sql: [[`c.stands and c.incarnation = ${INCARNATION} order by`, 'c.stands order by']],
  },
  'a read does not look at the timeline': {
    ...{ rule: 'E2', seenIn: 'a fail-over', at: 'read committed' },
    sql: [[`and stands and incarnation = ${INCARNATION}`, 'and stands']],
  },
  'a batch goes on from whatever link there is': {
    ...{ rule: 'E2', seenIn: 'a store that went back', at: 'read committed' },
    sql: [['where lane = $1 and sequence = $3::int8 and batch = $4 for update', 'where lane = $1 for update']],
  },
  'a link that is there is overwritten': {
    ...{ rule: 'E3', seenIn: 'a late batch and its settling', at: 'read committed' },
    sql: [['on conflict (lane, sequence) do nothing', 'on conflict (lane, sequence) do update set batch = excluded.batch']],
  },
  'a batch does not lock the link that it builds on': {
    ...{ rule: 'E3', seenIn: 'a late batch and its settling, and it is not sent again', at: 'repeatable read' },
    sql: [['and batch = $4 for update', 'and batch = $4']],
  },
  'what became of a batch is settled by a read': {
    ...{ rule: 'E3', seenIn: 'a late batch and its settling', at: 'read committed' },
    settlesByReading: true,
  },
  'a client is answered before the commit': {
    ...{ rule: 'E4', seenIn: 'a batch and the end of its server process', at: 'read committed' },
    answersEarly: true,
  },
  'a takeover does not compare the renewals': {
    ...{ rule: 'E20', seenIn: 'a takeover and a renewal', at: 'read committed' },
    sql: [['and d.renewals = r.renewals', '']],
  },
}
