import { dismiss, useToasts } from '../api/toasts.ts'
import { IconButton } from './button.tsx'
import { Icon } from './icons.tsx'

const SIGNS = {
  asked: <Icon name="half" size={14} className="pulse mt-0.5 text-running" />,
  done: <Icon name="completed" size={14} className="mt-0.5 text-completed" />,
  refused: <Icon name="failed" size={14} className="mt-0.5 text-failed" />,
}
const WORDS = { asked: 'asked', done: 'done', refused: 'refused' }

/** What became of what was asked, read aloud as it changes. */
export function Toasts() {
  const toasts = useToasts()
  return (
    <section
      aria-label="Actions"
      aria-live="polite"
      className="pointer-events-none fixed bottom-3 right-3 z-50 flex w-[min(380px,calc(100vw-24px))] flex-col gap-2 max-sm:bottom-16"
    >
      {toasts.map(({ id, is, text, detail }) => (
        <div
          key={id}
          className="appear pointer-events-auto flex items-start gap-2 rounded border border-line bg-raised py-1.5 pl-3 pr-1 shadow-overlay"
        >
          <span className="pt-1">{SIGNS[is]}</span>
          <p className="min-w-0 grow py-1">
            <span className="font-medium">{text}</span>{' '}
            <span className={is === 'refused' ? 'text-failed' : 'text-soft'}>
              {is === 'refused' ? `refused: ${detail ?? ''}` : (detail ?? WORDS[is])}
            </span>
          </p>
          <IconButton icon="close" label="Dismiss" onClick={() => dismiss(id)} />
        </div>
      ))}
    </section>
  )
}
