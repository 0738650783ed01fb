import { Type } from 'typebox'

/** Schema of a string that all databases can store: PostgreSQL rejects U+0000. */
export function Text(options: { minLength?: number; maxLength: number }) {
  return Type.String({ ...options, pattern: '^[^\\u0000]*$' })
}

/** Returns the value if it is a string that all databases can store, not empty and within the limit. */
export function toText(value: unknown, maxLength: number): string | undefined {
  const isUsable =
    typeof value === 'string' && value !== '' && value.length <= maxLength && !value.includes('\0')
  return isUsable ? value : undefined
}
