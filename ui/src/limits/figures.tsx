import type { LimitDetail } from '../api/work.ts'
import { Count } from '../parts/count.tsx'
import { Figure, Figures } from '../parts/figures.tsx'
import { Meter } from '../parts/meter.tsx'
import { SetBy } from '../parts/set-by.tsx'
import { Time } from '../parts/time.tsx'
import { On } from './on.tsx'
import { maxOf } from './words.ts'

/** What a limit is, in numbers. */
export function LimitFigures({ limit }: { limit: LimitDetail }) {
  const { per, used, keys, waiting, rate, byKey, on } = limit
  const max = maxOf(limit)
  const isFull = per === null ? used >= max : byKey.some(key => key.used >= max)
  return (
    <Figures>
      <Figure
        label={rate === undefined ? 'Held now' : 'Spent in the window'}
        value={
          <>
            <Count of={used} />
            {per === null && <span className="text-title font-normal text-soft"> of {max}</span>}
          </>
        }
        note={per === null ? <Meter label="Used" used={used} of={max} bare /> : `${max} for each ${per}`}
        tone={isFull && waiting > 0 ? 'warn' : undefined}
      />
      {per !== null && <Figure label="Keys in use" value={<Count of={keys} />} note={`values of ${per}`} />}
      <Figure
        label="Lines that wait"
        value={<Count of={waiting} />}
        note={waiting === 0 ? 'nobody waits for it' : 'of ready runs that are alike'}
        tone={waiting > 0 ? 'warn' : undefined}
      />
      {rate !== undefined && per === null && (
        <Figure
          label="Next token"
          value={byKey[0]?.nextAt ? <Time at={byKey[0].nextAt} /> : 'now'}
          note={byKey[0]?.nextAt ? 'the window is full' : 'there is one'}
        />
      )}
      <Figure
        label="On"
        value={<span className="text-base font-medium">{<On on={on} />}</span>}
        note={per === null ? 'one for all of it' : `each ${per} by itself`}
      />
      <Figure
        label="From"
        value={
          <span className="text-base font-medium">
            <SetBy set={limit.set} />
          </span>
        }
        note={fromNote(limit)}
      />
    </Figures>
  )
}

function fromNote({ from, declared }: LimitDetail): string {
  if (from === 'code') return 'as the definition says'
  if (declared === null) return 'no code has it'
  return `the code says ${declared.concurrency ?? declared.rate ?? 0}`
}
