/** Headers whose values are secrets, by their names: better one too many. They are not logged, and do not follow a redirect to another origin. */
export function isSecret(header: string): boolean {
  return /auth|cookie|token|secret|password|api-?key|signature|^mainspring-callback$/i.test(header)
}

const HIDDEN = '***'

/** For logs and failures: without user and password, and without the values of the query. */
export function shownUrl(url: URL): string {
  const shown = new URL(url.href)
  shown.username = ''
  shown.password = ''
  shown.hash = ''
  const names = [...shown.searchParams.keys()].map(name => `${encodeURIComponent(name)}=${HIDDEN}`)
  shown.search = ''
  const text = `${shown.href}${names.length > 0 ? `?${names.join('&')}` : ''}`
  return text.length > 500 ? `${text.slice(0, 500)}…` : text
}

export function shownHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, isSecret(name) ? HIDDEN : value.slice(0, 200)]))
}

/** What must not appear where an answer is quoted: a target may say again what it was told. */
export function secretsOf(url: URL, headers: Readonly<Record<string, string>>): string[] {
  const said = Object.entries(headers).flatMap(([name, value]) => (isSecret(name) ? [value, value.replace(/^\S+\s+/, '')] : []))
  const raw = [
    ...url.search
      .slice(1)
      .split('&')
      .map(pair => pair.slice(pair.indexOf('=') + 1)),
    url.username,
    url.password,
  ]
  return [...said, ...url.searchParams.values(), ...raw, ...raw.map(decoded)].filter(secret => secret.length >= 4).sort((a, b) => b.length - a.length)
}

export function scrubbed(text: string, secrets: readonly string[]): string {
  return secrets.reduce((scrub, secret) => scrub.replaceAll(secret, HIDDEN), text)
}

/** As it is where it is not percent-encoded in earnest. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
