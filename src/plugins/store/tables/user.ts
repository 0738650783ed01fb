import { type Static, Type } from 'typebox'

const Text = Type.Union([Type.String(), Type.Null()])

/** Somebody, or a machine, who has called: what the service knows of them. */
export const User = Type.Object({
  id: Type.Integer(),
  issuer: Type.String(),
  subject: Type.String(),
  username: Type.String({ description: 'For show only: not unique' }),
  email: Text,
  emailVerified: Type.Union([Type.Boolean(), Type.Null()]),
  name: Text,
  picture: Text,
  createdAt: Type.String({ format: 'date-time' }),
  lastSeenAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
    description: 'At most a minute behind; null until the first call',
  }),
})

export type User = Readonly<Static<typeof User>>

/** Who a person is: two issuers may use the same subject, and two people the same e-mail. */
export type Identity = Readonly<Pick<User, 'issuer' | 'subject'>>

/** Claims of an issuer about a user (OpenID Connect Core 1.0, section 5.1). */
export type Profile = Readonly<Pick<User, 'email' | 'emailVerified' | 'name' | 'picture'>>

/**
 * The caller of a route that loads its user.
 *
 * @throws when the route does not
 */
export function requireUser(user: User | null): User {
  if (user) return user
  throw new Error('the route does not load its user: add app.loadUser to its preHandler')
}
