import { authorizationParams, loginScope } from './login-values.ts'
import { flag, integer, text } from './parse.ts'
import { clientKey } from './private-key.ts'
import { isSet } from './secret-files.ts'
import { apiUrl } from './urls.ts'
import { secretList } from './values.ts'
import { defaulted, optional, secret } from './variable.ts'

/** Environment variables of the web app. */
export const webAppVariables = {
  AUTH0_CLIENT_ID: optional(text, 'client ID of the web app'),
  AUTH0_CLIENT_SECRET: secret(optional(text, 'client secret of the web app')),
  AUTH0_CLIENT_KEY: secret(optional(clientKey, 'private key of the web app, instead of the client secret')),
  SESSION_SECRET: secret(optional(secretList, 'session keys, newest first')),
  LOGIN_SCOPE: optional(loginScope, 'scopes that a login requests'),
  LOGIN_AUTHORIZATION_PARAMS: defaulted(
    authorizationParams,
    '',
    'further parameters of the authorization request',
  ),
  LOGIN_REQUIRE_VERIFIED_EMAIL: defaulted(flag, 'false', 'whether a login requires a verified email address'),
  API_SERVER_URL: optional(apiUrl, 'API that the web app calls; the default is `BASE_URL`'),
  ADMIN_MAX_AGE_SECONDS: defaulted(
    integer(0, 86_400),
    '0',
    'maximum age of the login on the page /admin; 0 disables it',
  ),
}

export function findWebAppFaults(texts: NodeJS.ProcessEnv): string[] {
  const hasKey = isSet(texts, 'AUTH0_CLIENT_KEY')
  if (hasKey && isSet(texts, 'AUTH0_CLIENT_SECRET'))
    return ['AUTH0_CLIENT_KEY and AUTH0_CLIENT_SECRET are both set: expected one of them']
  const names = ['AUTH0_CLIENT_ID', hasKey ? 'AUTH0_CLIENT_KEY' : 'AUTH0_CLIENT_SECRET', 'SESSION_SECRET']
  const missing = names.filter((name) => !isSet(texts, name))
  if (missing.length === names.length) return []
  return missing.map(
    (name) => `${name} is missing: the web app needs all of ${names.join(', ')}, or none of them`,
  )
}

/** Defaults of other secrets. Each use derives a key of its own. */
export function secretsFromSession({ SESSION_SECRET }: { SESSION_SECRET?: readonly string[] }) {
  return SESSION_SECRET && { DPOP_NONCE_SECRET: SESSION_SECRET, STATE_SECRET: SESSION_SECRET }
}
