import { Type } from 'typebox'

/** Maximum length of a `sub` (OpenID Connect Core 1.0, section 2). */
export const MAX_SUBJECT_LENGTH = 255

interface TextOptions {
  minLength?: number
  maxLength: number
  description?: string
  examples?: string[]
}

/**
 * Schema of a string that all databases keep unchanged. PostgreSQL rejects U+0000, and lone surrogates become U+FFFD, which
 * would make different texts equal (RFC 7493, section 2.1).
 */
export function Text(options: TextOptions) {
  return Type.String({ ...options, pattern: '^[^\\u0000\\ud800-\\udfff]*$' }) // Ajv compiles it with the u flag
}

/** Returns the value if it is a string that all databases keep unchanged, not empty and within the limit. */
export function toText(value: unknown, maxLength: number): string | undefined {
  const isUsable =
    typeof value === 'string' &&
    value !== '' &&
    value.length <= maxLength &&
    value.isWellFormed() &&
    !value.includes('\0')
  return isUsable ? value : undefined
}
