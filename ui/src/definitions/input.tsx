import type { DefinitionDetail } from '../api/work.ts'
import { commandText } from '../parts/command.tsx'
import type { Column } from '../parts/data-table.tsx'
import { JsonView } from '../parts/json-view.tsx'
import { Panel } from '../parts/panel.tsx'
import { Rows } from '../parts/rows.tsx'
import { EmptyState } from '../parts/states.tsx'
import { type Field, schemaFields } from './schema.ts'

const COLUMNS: readonly Column<Field>[] = [
  {
    id: 'path',
    header: 'Field',
    width: '34%',
    cell: ({ path, isNeeded }) => (
      <span>
        <code className="break-all">{path}</code>
        {isNeeded && <span className="ml-2 text-small text-soft">needed</span>}
      </span>
    ),
  },
  { id: 'type', header: 'Is', width: '30%', cell: ({ type }) => type },
  { id: 'says', header: 'Says', priority: 2, cell: ({ says }) => <span className="text-soft">{says}</span> },
]

/** What its input must look like: as fields, and as the schema that the code gives. */
export function Input({ namespace, definition: { name, schema } }: { namespace: string; definition: DefinitionDetail }) {
  if (schema === undefined || schema === null)
    return (
      <EmptyState icon="definitions" title="It takes any JSON" command={commandText(namespace, 'start', name, '{}')}>
        Give the definition an <code>input</code> schema (zod, valibot, arktype): it types the handler, refuses what is wrong before it is kept, and
        draws the form by which one starts it here.
      </EmptyState>
    )
  const fields = schemaFields(schema)
  return (
    <div className="flex flex-col gap-4">
      {fields.length > 0 && (
        <Panel title="Fields" padded={false}>
          <Rows label={`Fields of the input of ${name}`} columns={COLUMNS} rows={fields} rowKey={({ path }) => path} />
        </Panel>
      )}
      <Panel title="JSON Schema">
        <JsonView value={schema} name={`${name} input`} />
      </Panel>
    </div>
  )
}
