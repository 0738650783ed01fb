import { parser, reject } from './parse.ts'

/** Scope of an authorization request (RFC 6749, section 3.3). Without `openid`, the issuer sends no ID token. */
export const loginScope = parser('scopes separated by single spaces, including openid', (text) => {
  const scopes = text.split(' ')
  return scopes.every((scope) => /^[!#-[\]-~]+$/.test(scope)) && scopes.includes('openid') ? text : undefined
})

/** Parameters whose value the login decides, or that would change where and how the issuer answers. */
const RESERVED = [
  ...['response_type', 'response_mode', 'client_id', 'client_secret', 'redirect_uri', 'state', 'nonce'],
  ...['code_challenge', 'code_challenge_method', 'request', 'request_uri'],
]
/** Parameters with a variable of their own. */
const CONFIGURED: Readonly<Record<string, string>> = { scope: 'LOGIN_SCOPE', audience: 'AUTH0_AUDIENCE' }

export type AuthorizationParams = readonly (readonly [name: string, value: string])[]

/** Further parameters of the authorization request, in the syntax of a query string. */
export const authorizationParams = parser(
  'parameters like prompt=consent&access_type=offline',
  (text): AuthorizationParams | undefined => {
    const parameters = [...new URLSearchParams(text)]
    for (const [name] of parameters) {
      if (RESERVED.includes(name)) reject(`${name} is a parameter of the protocol and cannot be set`)
      if (CONFIGURED[name] !== undefined) reject(`${name} is set by ${CONFIGURED[name]}`)
    }
    return parameters.flat().every(isText) ? Object.freeze(parameters) : undefined
  },
)

/** Text without control characters and invalid UTF-8, which URLSearchParams decodes as U+FFFD. */
function isText(text: string): boolean {
  return /^[^\p{Cc}\ufffd]+$/u.test(text)
}
