import type { ReactNode } from 'react'
import { Command, commandText } from '../parts/command.tsx'
import { Copy } from '../parts/copy.tsx'

const JOB = `import { job } from '@mainspring/sdk'

export const hello = job('hello', async ({ name }: { name: string }, ctx) => {
  ctx.log.info(\`greeting \${name}\`)
  return { greeting: \`Hello, \${name}\` }
})
`

/** A new installation: nothing is defined yet. What one does first, to copy; the page becomes Home by itself once it is done. */
export function Welcome({ namespace }: { namespace: string }) {
  return (
    <section aria-label="The first job" className="mx-auto w-full max-w-[720px] py-6">
      <h2 className="text-figure font-semibold">Nothing is defined here yet</h2>
      <p className="mb-6 text-soft">
        A job is a function with a name. A worker registers it, anybody starts runs of it, and this page says when one of them needs you.
      </p>
      <ol className="flex flex-col gap-6">
        <Step number={1} title="Write a job">
          <div className="relative overflow-hidden rounded border border-line bg-surface">
            <div className="flex h-8 items-center justify-between border-b border-line pl-3 pr-1 text-small text-soft">
              jobs.ts <Copy text={JOB} label="Copy the job" />
            </div>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls is reached by the keyboard */}
            <section tabIndex={0} aria-label="jobs.ts" className="overflow-x-auto px-3 py-2">
              <pre className="leading-5">{JOB}</pre>
            </section>
          </div>
        </Step>
        <Step number={2} title="Let a worker serve it">
          <Command text={commandText(namespace, 'worker', 'jobs.ts')} />
          <p className="mt-1.5 text-soft">
            It connects to this server, and the job is known. <code>npx mainspring dev</code> instead is a server and a worker in one, anew at each
            save.
          </p>
        </Step>
        <Step number={3} title="Start a run">
          <Command text={`${commandText(namespace, 'start', 'hello', '{"name":"Ada"}')} --follow`} />
          <p className="mt-1.5 text-soft">Its log lines and its result come as they happen, there and here.</p>
        </Step>
      </ol>
      <p role="status" className="mt-8 flex items-center gap-2 text-soft">
        <span className="pulse size-2 rounded-full bg-running" /> Waiting for a worker to register the first job; this page follows by itself.
      </p>
    </section>
  )
}

function Step({ number, title, children }: { number: number; title: string; children: ReactNode }) {
  return (
    <li className="grid grid-cols-[28px_minmax(0,1fr)] gap-x-3">
      <span aria-hidden="true" className="numeric flex size-7 items-center justify-center rounded-full border border-line bg-surface font-semibold">
        {number}
      </span>
      <div className="min-w-0">
        <h3 className="mb-2 mt-1 text-large font-semibold">{title}</h3>
        {children}
      </div>
    </li>
  )
}
