import { toText } from '../../schemas/text.ts'

/** Claims of an issuer about a user (OpenID Connect Core 1.0, section 5.1). */
export interface Profile {
  readonly email: string | null
  readonly emailVerified: boolean | null
  readonly name: string | null
  readonly picture: string | null
}

const MAX_LENGTH = 2_000

/**
 * Reads a profile from claims of UserInfo or of an ID token.
 *
 * @returns undefined when neither e-mail nor name is there: another token may bring more
 */
export function toProfile({
  email,
  email_verified,
  name,
  picture,
}: Readonly<Record<string, unknown>>): Profile | undefined {
  const profile = {
    email: toText(email, MAX_LENGTH) ?? null,
    emailVerified: typeof email_verified === 'boolean' ? email_verified : null,
    name: toText(name, MAX_LENGTH) ?? null,
    picture: toText(picture, MAX_LENGTH) ?? null,
  }
  return profile.email === null && profile.name === null ? undefined : profile
}
