import { Button } from '../parts/button.tsx'
import { Icon } from '../parts/icons.tsx'
import { type Change, draftOf, type Fields, shownValue } from './draft.ts'

/** Field by field: what it is, and what it will be. */
export function ChangeTable({ changes }: { changes: readonly Change[] }) {
  return (
    <table className="w-full text-left">
      <thead className="text-small text-soft">
        <tr>
          <th className="pr-4 font-normal">Field</th>
          <th className="pr-4 font-normal">Now</th>
          <th className="font-normal">Then</th>
        </tr>
      </thead>
      <tbody>
        {changes.map(({ field, from, to }) => (
          <tr key={field} className="border-t border-line align-baseline">
            <th scope="row" className="py-1 pr-4 font-medium">
              {field}
            </th>
            <td className="py-1 pr-4">
              <code className="break-all text-failed line-through decoration-1">{from}</code>
            </td>
            <td className="py-1">
              <code className="break-all text-completed">{to}</code>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

interface ConflictProps {
  /** What the draft was begun on, what is there now, and what the draft makes. */
  basis: Fields
  server: Fields
  fields: Fields
  onTheirs(): void
  onMine(): void
}

/** Somebody else has saved meanwhile: both are shown, and nothing is overwritten unseen. */
export function Conflict({ basis, server, fields, onTheirs, onMine }: ConflictProps) {
  const touched = [...new Set([...Object.keys(draftOf(basis, server)), ...Object.keys(draftOf(basis, fields))])]
  return (
    <section role="alert" aria-label="Changed meanwhile" className="rounded border border-failed bg-surface p-3">
      <p className="mb-2 flex gap-2 font-medium">
        <Icon name="warning" className="mt-0.5 text-failed" /> Somebody else has changed it while you did.
      </p>
      <div className="overflow-x-auto">
        <table className="w-full text-left">
          <thead className="text-small text-soft">
            <tr>
              {['Field', 'It was', 'Theirs, in force', 'Yours'].map(head => (
                <th key={head} className="pr-4 font-normal">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {touched.map(field => (
              <tr key={field} className="border-t border-line align-baseline">
                <th scope="row" className="py-1 pr-4 font-medium">
                  {field}
                </th>
                {[basis, server, fields].map((version, index) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: three versions, always in this order
                  <td key={index} className="py-1 pr-4">
                    <code className="break-all">{shownValue(version[field])}</code>
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className="mt-3 flex flex-wrap gap-2">
        <Button onClick={onTheirs}>Take theirs</Button>
        <Button onClick={onMine}>Keep mine, over theirs</Button>
      </div>
    </section>
  )
}
