import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { Schedule } from '../api/client.ts'
import { Button, IconButton } from '../parts/button.tsx'
import { AsCommand, commandText } from '../parts/command.tsx'
import { Reasons } from '../parts/reasons.tsx'
import { ErrorState, Skeleton } from '../parts/states.tsx'
import { becameOf } from './became.ts'
import { BecameBadge } from './marks.tsx'
import { explainScheduleQuery } from './queries.ts'
import type { ScheduleSearch } from './search.ts'

/** Why did it, or did it not, fire at a time: also one that is none of its times, or that the clock never showed. */
export function WhyNot({ namespace, schedule, search }: { namespace: string; schedule: Schedule; search: ScheduleSearch }) {
  const { name, timezone: zone = 'UTC' } = schedule
  const navigate = useNavigate()
  const { at, ...without } = search
  const [typed, setTyped] = useState(at ?? '')
  const ask = (next: ScheduleSearch): void => void navigate({ to: '/schedules/$name', params: { name }, search: next })
  return (
    <div className="flex flex-col gap-2">
      <form
        className="flex flex-wrap items-center gap-2"
        onSubmit={event => {
          event.preventDefault()
          if (typed.trim() !== '') ask({ ...search, at: typed.trim() })
        }}
      >
        <label className="flex min-w-0 items-center gap-2 max-sm:grow max-sm:w-full max-sm:flex-wrap">
          <span className="whitespace-nowrap font-medium">Why did it not fire at</span>
          <input
            value={typed}
            onChange={event => setTyped(event.target.value)}
            placeholder={`2026-11-28 14:30, as the clock shows it in ${zone}`}
            className="h-8 w-96 min-w-40 rounded border border-edge bg-surface px-2 font-mono text-small"
          />
        </label>
        <Button type="submit" disabled={typed.trim() === ''}>
          Explain
        </Button>
        <AsCommand text={commandText(namespace, 'schedule', 'explain', name, '--at', typed || '2026-11-28 14:30')} />
      </form>
      {at !== undefined && (
        <section aria-label={`Why, at ${at}`} className="relative rounded border border-line bg-surface p-3 pr-12">
          <Answer namespace={namespace} name={name} at={at} />
          <IconButton
            icon="close"
            label="Close the answer"
            className="absolute right-1 top-1"
            onClick={() => {
              setTyped('')
              ask(without)
            }}
          />
        </section>
      )}
    </div>
  )
}

function Answer({ namespace, name, at }: { namespace: string; name: string; at: string }) {
  const answer = useQuery(explainScheduleQuery(namespace, name, at))
  if (answer.isPending) return <Skeleton lines={2} />
  if (answer.data === undefined) return <ErrorState error={answer.error} />
  const { line, reasons, clear } = answer.data
  return (
    <div className="flex flex-col gap-2">
      {line !== null && <BecameBadge became={becameOf(line, line.outcome)} />}
      {reasons.length > 0 ? <Reasons reasons={reasons} /> : <p>Nothing stands in its way.</p>}
      {clear.length > 0 && <p className="text-soft">All else is clear: {clear.join(', ')}.</p>}
    </div>
  )
}
