import { Type } from 'typebox'
import { deviceGrant, passwordRealmGrant } from './application.ts'

const text = Type.String({ minLength: 1 })
const texts = Type.Array(text, { default: [] })
const strict = { additionalProperties: false }

const api = Type.Object(
  {
    identifier: text,
    permissions: texts,
    dialect: Type.Enum(['auth0', 'rfc9068'], { default: 'auth0' }),
    tokenLifetimeSeconds: Type.Integer({ minimum: 1, default: 24 * 60 * 60 }),
  },
  strict,
)

const grant = Type.Enum([
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'password',
  passwordRealmGrant,
  deviceGrant,
])

const application = Type.Object(
  {
    id: text,
    secret: Type.Optional(text),
    type: Type.Enum(['web', 'spa', 'native', 'machine']),
    callbacks: texts,
    logoutUrls: texts,
    webOrigins: texts,
    grants: Type.Array(grant, { default: ['authorization_code', 'refresh_token'] }),
    backchannelLogoutUrl: Type.Optional(text),
    rotateRefreshTokens: Type.Optional(Type.Boolean()),
    tlsClientCertificateBoundAccessTokens: Type.Optional(Type.Boolean()),
  },
  strict,
)

const user = Type.Object(
  {
    email: Type.String({ pattern: '^[^\\s@]+@[^\\s@]+$' }),
    password: text,
    name: Type.Optional(text),
    permissions: Type.Record(Type.String(), Type.Array(text), { default: {} }),
    roles: texts,
    organizations: texts,
    user_metadata: Type.Record(Type.String(), Type.Unknown(), { default: {} }),
  },
  strict,
)

/** The file of the tenant. `$schema` is for editors. */
export const settingsSchema = Type.Object(
  {
    $schema: Type.Optional(Type.String()),
    apis: Type.Array(api, { minItems: 1 }),
    applications: Type.Array(application, { default: [] }),
    users: Type.Array(user, { default: [] }),
    claims: Type.Record(Type.String(), Type.String(), { default: {} }),
    organizations: Type.Array(Type.Object({ id: text, name: text }, strict), { default: [] }),
  },
  strict,
)
