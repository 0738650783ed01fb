import { join } from 'node:path'
import t from 'tap'
import { AUDIENCE } from '../helpers/issuer.ts'
import { listenAsWebApp } from '../helpers/web-app.ts'
import { WebBrowser } from '../helpers/web-browser.ts'
import { loggedInAt, startLogin, startWithIssuer } from '../helpers/web-issuer.ts'

t.test(
  'users log in at the marked issuer, which the service reaches at another address than browsers',
  async (t) => {
    const { web, issuer } = await startWithIssuer(t)
    const name = 'http://localhost:1/realms/x'
    issuer.discovery = {
      issuer: name,
      jwks_uri: `${name}/jwks.json`,
      authorization_endpoint: `${name}/authorize`,
      token_endpoint: `${name}/oauth/token`,
      end_session_endpoint: `${name}/logout`,
    }
    web.accessClaims = { iss: name }
    web.idClaims = { iss: name }
    const entries = [
      { issuer: 'https://other.test/', audiences: ['other'] },
      { issuer: name, profile: 'keycloak', audiences: [AUDIENCE], backchannelUrl: issuer.url, login: true },
    ]
    const folder = t.testdir({ 'issuers.json': JSON.stringify(entries) })
    const app = await listenAsWebApp(
      t,
      { url: '' },
      {
        environment: { AUTH0_AUDIENCE: '', ISSUERS_FILE: join(folder, 'issuers.json') },
      },
    )
    const request = await startLogin(new WebBrowser(), app.url)
    t.equal(request.origin + request.pathname, `${name}/authorize`, 'the browser goes to the name')
    t.equal(request.searchParams.get('audience'), AUDIENCE)
    const browser = await loggedInAt(app, web)
    t.match(await browser.visit(`${app.url}/profile`), { status: 200, text: /Number One/ })
  },
)
