import type { FastifySchema } from 'fastify'
import type { Config } from '../../config/index.ts'

/** Security schemes of access tokens: as bearer tokens, bound to a key (RFC 9449), or both. */
export function tokenSchemes(dpop: Config['DPOP']) {
  const bearer = { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } as const
  const bound = { type: 'http', scheme: 'dpop', bearerFormat: 'JWT', description: DESCRIPTION } as const
  return {
    ...(dpop === 'required' ? {} : { token: bearer }),
    ...(dpop === 'disabled' ? {} : { dpop: bound }),
  }
}

const DESCRIPTION = 'Access token that is bound to a key, with a proof in the header `DPoP` (RFC 9449)'

/** Replaces the scheme `token` of a guarded route by those that the service accepts. */
export function withTokenSchemes(schema: FastifySchema, dpop: Config['DPOP']): FastifySchema {
  const accepted = Object.keys(tokenSchemes(dpop)).map((name) => ({ [name]: [] }))
  const { security } = schema as Required<FastifySchema> // plugins/guards adds it to every route
  return { ...schema, security: security.flatMap((entry) => ('token' in entry ? accepted : [entry])) }
}
