import { Type } from 'typebox'

/** A string that every database stores: PostgreSQL does not accept U+0000. */
export function Text(options: { minLength?: number; maxLength: number }) {
  return Type.String({ ...options, pattern: '^[^\\u0000]*$' })
}

/** The value, if it is a string that every database stores, neither empty nor longer than the limit. */
export function toText(value: unknown, maxLength: number): string | undefined {
  const isUsable =
    typeof value === 'string' && value !== '' && value.length <= maxLength && !value.includes('\0')
  return isUsable ? value : undefined
}
