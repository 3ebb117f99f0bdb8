/** Class names, without those that do not hold. */
export function classes(...names: (string | false | null | undefined)[]): string {
  return names.filter(Boolean).join(' ')
}

/** A link in text: told from it by its line, which gets darker below the pointer. */
export const LINK = 'underline decoration-line underline-offset-3 hover:decoration-current'
