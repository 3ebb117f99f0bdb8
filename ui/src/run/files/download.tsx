import { useMutation } from '@tanstack/react-query'
import { BASE, send } from '../../api/client.ts'
import { ApiError, type Problem } from '../../api/problem.ts'
import { Button } from '../../parts/button.tsx'
import { saveAs } from '../../parts/download.ts'

/** `read` gives what is to be saved. */
export function Download({ name, read }: { name: string; read(): Promise<Blob> }) {
  const save = useMutation({ mutationFn: async () => saveAs(name, await read()) })
  return (
    <>
      <Button icon="download" pending={save.isPending} onClick={() => save.mutate()} aria-label={`Download ${name}`}>
        Download
      </Button>
      {save.error !== null && (
        <span role="alert" className="text-small">
          {save.error.message}
        </span>
      )}
    </>
  )
}

/** What the API has there, with the key of this tab, which a link would not send. */
export async function blobAt(namespace: string, path: string): Promise<Blob> {
  const response = await send(new Request(`${location.origin}${BASE}/v1/namespaces/${encodeURIComponent(namespace)}/${path}`))
  if (!response.ok) throw new ApiError((await response.json()) as Problem)
  return response.blob()
}
