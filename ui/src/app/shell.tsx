import { Outlet, useNavigate } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState } from 'react'
import { useFeed } from '../api/live.ts'
import { useNamespace } from '../api/namespace.ts'
import { useSession } from '../api/session.ts'
import { onKeyDown, useCommand } from '../parts/commands.ts'
import { HintProvider } from '../parts/hint.tsx'
import { Toasts } from '../parts/toasts.tsx'
import { ConnectionBanner } from './connection.tsx'
import { Navigation } from './navigation.tsx'
import { PLACES } from './places.ts'
import { SignIn } from './sign-in.tsx'
import { TopBar } from './top-bar.tsx'

const Palette = lazy(() => import('./palette.tsx'))
const Shortcuts = lazy(() => import('./shortcuts.tsx'))

/** Around every page: navigation, what state the connection is in, the keyboard, and the sign-in where the server asks for a key. */
export function Shell() {
  const { refused, key } = useSession()
  const namespace = useNamespace()
  const [overlay, setOverlay] = useState<'palette' | 'shortcuts' | null>(null)
  useFeed(namespace, !refused)
  useEffect(() => {
    window.addEventListener('keydown', onKeyDown)
    return () => window.removeEventListener('keydown', onKeyDown)
  }, [])
  useCommand({ label: 'Find anything', group: 'Console', keys: 'mod+k', keysOnly: true, run: () => setOverlay('palette') })
  useCommand({ label: 'Show all shortcuts', group: 'Console', keys: '?', run: () => setOverlay('shortcuts') })
  if (refused) return <SignIn wrong={key !== null} />
  return (
    <HintProvider delayDuration={400} skipDelayDuration={200}>
      <button
        type="button"
        className="fixed left-2 top-2 z-50 -translate-y-16 rounded bg-ink px-3 py-1.5 text-inverse focus:translate-y-0"
        onClick={() => document.querySelector<HTMLElement>('main')?.focus()}
      >
        Skip to the page
      </button>
      <div className="flex h-full max-sm:flex-col-reverse">
        <Navigation />
        <div className="flex min-h-0 min-w-0 grow flex-col">
          <TopBar onFind={() => setOverlay('palette')} onShortcuts={() => setOverlay('shortcuts')} />
          <ConnectionBanner />
          <main tabIndex={-1} className="min-h-0 grow overflow-y-auto">
            <Outlet />
          </main>
        </div>
      </div>
      {PLACES.map(({ to, label, key }) => (
        <GoTo key={to} to={to} label={label} letter={key} />
      ))}
      <Suspense>
        {overlay === 'palette' && <Palette onClose={() => setOverlay(null)} />}
        {overlay === 'shortcuts' && <Shortcuts onClose={() => setOverlay(null)} />}
      </Suspense>
      <Toasts />
    </HintProvider>
  )
}

function GoTo({ to, label, letter }: { to: (typeof PLACES)[number]['to']; label: string; letter: string }) {
  const navigate = useNavigate()
  useCommand({ label, group: 'Go to', keys: `g ${letter}`, run: () => void navigate({ to }) })
  return null
}
