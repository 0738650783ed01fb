import { type Static, Type } from 'typebox'
import { algorithms } from './values.ts'

const Texts = Type.Array(Type.String({ minLength: 1 }), { minItems: 1 })
const Pointer = Type.String({ pattern: '^(/([^~/]|~[01])*)+$', description: 'a JSON pointer like /roles' })
const Pointers = Type.Optional(Type.Array(Pointer, { minItems: 1 }))
const Url = Type.String({
  pattern: '^https?://[^/?#@\\s]+(/[^?#\\s]*)?$',
  description: 'an http(s) URL without query',
})
const AllowedValue = Type.String({
  pattern: '^[^*]*\\*?$',
  minLength: 1,
  description: 'text, with * for any text at its end only',
})

/** An entry of the file of issuers. docs/issuers describes the members. */
const Entry = Type.Object(
  {
    issuer: Url,
    tenants: Type.Optional(Texts),
    profile: Type.Optional(
      Type.Enum(['auth0', 'entra', 'okta', 'keycloak', 'cognito', 'zitadel', 'workload', 'rfc9068']),
    ),
    audiences: Type.Optional(Texts),
    clients: Type.Optional(Texts),
    claims: Type.Optional(
      Type.Object(
        {
          scopes: Pointers,
          permissions: Pointers,
          roles: Pointers,
          clientId: Pointers,
          organization: Pointers,
          sid: Pointers,
          acr: Pointers,
          authTime: Pointers,
        },
        { additionalProperties: false },
      ),
    ),
    require: Type.Optional(
      Type.Record(Pointer, Type.Array(AllowedValue, { minItems: 1 }), {
        additionalProperties: false,
        description: 'a JSON pointer like /repository',
      }),
    ),
    grants: Type.Optional(Texts),
    give: Type.Optional(Texts),
    algorithms: Type.Optional(Type.Array(Type.Enum(algorithms), { minItems: 1 })),
    jwksUri: Type.Optional(Url),
    jwksFile: Type.Optional(Type.String({ minLength: 1 })),
    backchannelUrl: Type.Optional(Url),
    insecureHttp: Type.Optional(Type.Boolean()),
    subjectOptional: Type.Optional(Type.Boolean()),
    login: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
)

export type IssuerEntry = Static<typeof Entry>

export const Entries = Type.Array(Entry, { minItems: 1 })
