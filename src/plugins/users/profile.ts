import { toBoolean } from '../../schemas/boolean.ts'
import { toText } from '../../schemas/text.ts'
import type { Profile } from '../store/tables/user.ts'

const MAX_LENGTH = 2_000

/**
 * Reads a profile from the claims of UserInfo or an ID token.
 *
 * @returns undefined when email and name are both missing: another token may bring them
 */
export function toProfile({
  email,
  email_verified,
  name,
  picture,
}: Readonly<Record<string, unknown>>): Profile | undefined {
  const profile = {
    email: toText(email, MAX_LENGTH) ?? null,
    emailVerified: toBoolean(email_verified) ?? null,
    name: toText(name, MAX_LENGTH) ?? null,
    picture: toText(picture, MAX_LENGTH) ?? null,
  }
  return profile.email === null && profile.name === null ? undefined : profile
}
