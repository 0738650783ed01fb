import { inspect } from 'node:util'
import type { JWK } from 'jose'
import { Provider } from 'oidc-provider'
import { Accounts } from './accounts.ts'
import type { ClientMetadata } from './clients.ts'
import { urlAllowed } from './clients.ts'
import { configuration } from './configuration.ts'
import { cors } from './cors.ts'
import { errorPage } from './error-page.ts'
import { registerGrants } from './grants.ts'
import { login } from './login.ts'
import { logout } from './logout.ts'
import { picture } from './picture.ts'
import { tokenEndpoint } from './token-endpoint.ts'
import { userinfo } from './userinfo.ts'

/** Creates a certified OpenID provider with the paths and the behaviour of Auth0. */
export function createProvider(issuer: string, clients: ClientMetadata[], signingKeys: JWK[]): Provider {
  const accounts = new Accounts(issuer)
  const provider = new Provider(issuer, configuration(issuer, accounts, clients, signingKeys))
  registerGrants(provider, accounts)
  allowPathsBelow(provider)
  provider.on('server_error', (_ctx, error) => process.stderr.write(`${inspect(error)}\n`))
  return provider
    .use(errorPage)
    .use(cors)
    .use(tokenEndpoint)
    .use(userinfo(issuer, signingKeys, accounts))
    .use(logout(clients.map((client) => client.client_id)))
    .use(picture)
    .use(login(accounts))
}

function allowPathsBelow({ Client }: Provider): void {
  Client.prototype.redirectUriAllowed = function (uri) {
    return urlAllowed(uri, this.redirectUris)
  }
  Client.prototype.postLogoutRedirectUriAllowed = function (uri) {
    return urlAllowed(uri, this.postLogoutRedirectUris)
  }
}
