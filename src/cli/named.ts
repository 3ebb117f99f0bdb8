import { Refusal } from '../server/refusal.ts'

/** What a person means: by its name, its id, or the end of it. Undefined: nothing that is listed. @throws Refusal: several fit */
export function oneNamed<Listed extends { id: string; name: string }>(
  is: 'node' | 'worker',
  listed: readonly Listed[],
  given: string,
): Listed | undefined {
  const named = listed.filter(({ id, name }) => name === given || id.endsWith(given))
  if (named.length > 1)
    throw new Refusal({
      code: 'invalid-option',
      place: `<${is}>`,
      title: `${named.length} ${is}s fit ${JSON.stringify(given)}: give more of its id.`,
    })
  return named[0]
}
