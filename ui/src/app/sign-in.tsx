import { useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { signIn } from '../api/session.ts'
import { Button } from '../parts/button.tsx'
import { Command } from '../parts/command.tsx'
import { Logo } from '../parts/icons.tsx'

/** A server beyond loopback asks for an API key. It is kept for this tab only. */
export function SignIn({ wrong }: { wrong: boolean }) {
  const queries = useQueryClient()
  const [key, setKey] = useState('')
  const id = useId()
  return (
    <main className="mx-auto flex h-full max-w-[400px] flex-col justify-center gap-5 px-4">
      <h1 className="flex items-center gap-2 text-title font-semibold">
        <Logo /> Mainspring
      </h1>
      <form
        className="flex flex-col gap-3"
        onSubmit={event => {
          event.preventDefault()
          signIn(key.trim())
          void queries.resetQueries()
        }}
      >
        <label htmlFor={id} className="font-medium">
          API key
        </label>
        <input
          id={id}
          type="password"
          autoComplete="off"
          // biome-ignore lint/a11y/noAutofocus: it is all there is on this page
          autoFocus
          value={key}
          onChange={event => setKey(event.target.value)}
          placeholder="msk_…"
          aria-describedby={`${id}-note`}
          className="h-9 rounded border border-edge bg-surface px-2.5 font-mono text-small"
        />
        <p id={`${id}-note`} role={wrong ? 'alert' : undefined} className={wrong ? 'text-failed' : 'text-soft'}>
          {wrong ? 'The server does not know this key, or no longer.' : 'This server asks for a key. It is kept in this tab until you close it.'}
        </p>
        <Button kind="main" type="submit" disabled={key.trim() === ''} className="justify-center">
          Sign in
        </Button>
      </form>
      <div className="flex flex-col items-start gap-2 text-soft">
        No key yet? On the server:
        <Command text="mainspring key create NAME" />
      </div>
    </main>
  )
}
