import { reject } from './parse.ts'

export const PLACEHOLDER = 'this is a placeholder, expected a value of your own'

/** Examples of .env.example, of our documentation and of Auth0's. */
const PLACEHOLDERS = [
  /\byour[-_ ]?(tenant|domain|issuer|client|secret|password|audience)/i,
  /\byour[-_ ]?api[-_. ]?(identifier|example)/i,
  /\bchange[-_ ]?me\b/i,
  /^<.*>$/,
]

/**
 * Rejects text that cannot be meant as the value of any variable. `docker run --env-file` passes quotes on as a part of
 * the value.
 */
export function rejectText(text: string): void {
  if (/^(["'`]).*\1$/s.test(text)) reject('expected a value without quotes')
  if (PLACEHOLDERS.some((pattern) => pattern.test(text))) reject(PLACEHOLDER)
}
