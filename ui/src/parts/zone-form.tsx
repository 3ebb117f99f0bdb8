import { useId, useState } from 'react'
import { isZone } from '../format/preferences.ts'
import { Button } from './button.tsx'
import { TextField } from './field.tsx'

/** Any zone of IANA's by its name. */
export function ZoneForm({ onChoose }: { onChoose(zone: string): void }) {
  const zones = useId()
  const [typed, setTyped] = useState('')
  const unknown = typed !== '' && !isZone(typed)
  return (
    <form
      className="flex w-full items-end gap-2"
      onSubmit={event => {
        event.preventDefault()
        if (typed === '' || unknown) return
        setTyped('')
        onChoose(typed)
      }}
    >
      <div className="grow">
        <TextField
          label="Another"
          list={zones}
          placeholder="Europe/Lisbon"
          value={typed}
          onChange={event => setTyped(event.target.value)}
          problem={unknown && typed.length > 3 ? 'not the name of a zone' : null}
        />
        <datalist id={zones}>
          {Intl.supportedValuesOf('timeZone').map(name => (
            <option key={name} value={name} />
          ))}
        </datalist>
      </div>
      <Button type="submit" disabled={typed === '' || unknown}>
        Use it
      </Button>
    </form>
  )
}
