import { useState } from 'react'
import { call, client } from '../api/client.ts'
import { useAction } from '../api/use-action.ts'
import { Button } from '../parts/button.tsx'
import { ConfirmDialog } from '../parts/dialog.tsx'
import { Notice } from '../parts/notice.tsx'
import { Duration, Time } from '../parts/time.tsx'

/** It left without a word. Whoever knows that its process has ended may say so, and it is told of no more. */
export function Gone({ namespace, id, name, lastSeenAt }: { namespace: string; id: string; name: string; lastSeenAt: string | null }) {
  const [asking, setAsking] = useState(false)
  const gone = useAction({
    label: `Say that ${name} has ended`,
    call: (_: null) =>
      call(client.POST('/v1/namespaces/{namespace}/workers/{worker}/gone', { params: { path: { namespace, worker: id } }, body: {} })),
    done: 'what it held goes to others at once',
    refresh: [
      [namespace, 'workers'],
      [namespace, 'summary'],
    ],
    onDone: () => setAsking(false),
  })
  return (
    <>
      <Notice tone="failed" action={<Button onClick={() => setAsking(true)}>Its process has ended …</Button>}>
        <p>
          <b className="font-semibold">Silent</b>: it was last heard of <Duration from={lastSeenAt} to={null} /> ago (
          <Time at={lastSeenAt} as="short" />
          ), and did not say that it goes.
        </p>
        <p className="text-soft">
          Its machine may be gone, its network, or its process may hang. What it ran is handed to another worker as soon as its lease has run out, so
          nothing is lost. If it comes back, it is shown again.
        </p>
      </Notice>
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={`Has the process of ${name} ended?`}
        description="Its leases end now, and what it ran is tried again elsewhere. If it does still run, its results are refused."
        verb="It has ended"
        danger
        action={gone}
        input={() => null}
      />
    </>
  )
}
