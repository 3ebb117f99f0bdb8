/** Ids have no character that JSON escapes; anything else is the server's choice. */
export function quoted(id: string): string {
  return SIMPLE.test(id) ? `"${id}"` : JSON.stringify(id)
}
const SIMPLE = /^[\w:.-]*$/
