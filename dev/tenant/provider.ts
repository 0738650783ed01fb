import { inspect } from 'node:util'
import type { JWK } from 'jose'
import { Provider } from 'oidc-provider'
import { Accounts } from './accounts.ts'
import { allowUrlsOfApplications, webOrigins } from './allowed-urls.ts'
import type { GetCertificate } from './client-certificate.ts'
import { configuration } from './configuration.ts'
import { cors } from './cors.ts'
import { CustomClaims } from './custom-claims.ts'
import { database } from './database.ts'
import { errorPage } from './error-page.ts'
import { registerGrants } from './grants.ts'
import { keySet } from './key-set.ts'
import { login } from './login.ts'
import { logout } from './logout.ts'
import { picture } from './picture.ts'
import { registration } from './registration.ts'
import { Apis } from './resource-server.ts'
import type { Settings } from './settings.ts'
import type { State } from './state.ts'
import { themeFiles } from './theme-files.ts'
import { tokenEndpoint } from './token-endpoint.ts'
import { userinfo } from './userinfo.ts'
import { sendWebMessage } from './web-message.ts'

export interface ProviderOptions {
  issuer: string
  settings: Settings
  signingKeys: JWK[]
  state: State
  getCertificate: GetCertificate
}

/** Creates a certified OpenID provider with the paths and the behaviour of Auth0. */
export function createProvider(options: ProviderOptions): Provider {
  const { issuer, settings, signingKeys, state } = options
  const accounts = new Accounts(issuer, settings.users, state)
  const apis = new Apis(settings)
  const customClaims = new CustomClaims(settings, state)
  const provider = new Provider(issuer, configuration({ ...options, accounts, apis, customClaims }))
  registerGrants(provider, accounts, apis)
  provider.registerResponseMode('web_message', sendWebMessage)
  allowUrlsOfApplications(provider)
  provider.on('server_error', (_ctx, error) => process.stderr.write(`${inspect(error)}\n`))
  return provider
    .use(errorPage)
    .use(cors)
    .use(webOrigins)
    .use(keySet)
    .use(tokenEndpoint)
    .use(registration)
    .use(userinfo(issuer, signingKeys, accounts))
    .use(logout(settings.applications))
    .use(database(accounts))
    .use(picture)
    .use(themeFiles)
    .use(login(accounts, settings))
}
