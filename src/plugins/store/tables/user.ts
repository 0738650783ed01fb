import { type Static, Type } from 'typebox'

const Text = Type.Union([Type.String(), Type.Null()])

/** User of the service: a human or a machine. */
export const User = Type.Object(
  {
    id: Type.Integer({ readOnly: true }),
    issuer: Type.String({ description: 'Issuer of the tokens of the user' }),
    subject: Type.String({ description: '`sub` of these tokens' }),
    username: Type.String({ description: 'For display only; not unique' }),
    email: Text,
    emailVerified: Type.Union([Type.Boolean(), Type.Null()]),
    name: Text,
    picture: Text,
    createdAt: Type.String({ format: 'date-time' }),
    lastSeenAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
      description: 'Time of the last call, accurate to a minute; null before the first call',
    }),
  },
  { title: 'User', description: 'A user of the service: a human or a machine' },
)

export type User = Readonly<Static<typeof User>>

/** Identity of a user. Different issuers may use the same subject, and different users the same email address. */
export type Identity = Readonly<Pick<User, 'issuer' | 'subject'>>

/** Claims of an issuer about a user (OpenID Connect Core 1.0, section 5.1). */
export type Profile = Readonly<Pick<User, 'email' | 'emailVerified' | 'name' | 'picture'>>
