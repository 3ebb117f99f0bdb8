/** What was not confirmed is told again. */
export const RESEND_MS = 10_000
