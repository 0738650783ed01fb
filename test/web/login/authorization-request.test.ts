import t from 'tap'
import { AUDIENCE } from '../../helpers/issuer.ts'
import { WebBrowser } from '../../helpers/web-browser.ts'
import { startLogin, startWithIssuer } from '../../helpers/web-issuer.ts'

const parametersOf = ({ searchParams }: URL) => Object.fromEntries(searchParams)

async function scopeAt(scopes_supported: unknown, environment: Record<string, string> = {}) {
  const { url, issuer } = await startWithIssuer(t, environment)
  issuer.discovery = {
    issuer: issuer.url,
    jwks_uri: `${issuer.url}jwks.json`,
    authorization_endpoint: `${issuer.url}authorize`,
    token_endpoint: `${issuer.url}oauth/token`,
    scopes_supported,
  }
  return parametersOf(await startLogin(new WebBrowser(), url)).scope
}

t.test('offline_access is requested unless the issuer lists other scopes only', async (t) => {
  for (const supported of [undefined, null, 'openid', ['openid', 'offline_access']])
    t.equal(await scopeAt(supported), 'openid profile email offline_access', JSON.stringify(supported))
  for (const supported of [[], ['openid', 'email', 'profile']])
    t.equal(await scopeAt(supported), 'openid profile email', JSON.stringify(supported))
})

t.test('LOGIN_SCOPE is requested as it is', async (t) => {
  for (const LOGIN_SCOPE of ['openid', 'openid offline_access api://gatehouse/read'])
    t.equal(await scopeAt(['openid'], { LOGIN_SCOPE }), LOGIN_SCOPE)
})

t.test(
  'LOGIN_AUTHORIZATION_PARAMS are added to the request, and those of the login replace them',
  async (t) => {
    const LOGIN_AUTHORIZATION_PARAMS =
      'prompt=consent&resource=a&resource=b%26c&screen_hint=login&ui_locales=de'
    const { url } = await startWithIssuer(t, { LOGIN_AUTHORIZATION_PARAMS })
    const browser = new WebBrowser()
    const login = await startLogin(browser, url)
    t.match(parametersOf(login), {
      prompt: 'consent',
      screen_hint: 'login',
      ui_locales: 'de',
      response_type: 'code',
      client_id: 'gatehouse-web',
      redirect_uri: `${url}/callback`,
      audience: AUDIENCE,
      code_challenge_method: 'S256',
    })
    t.strictSame(login.searchParams.getAll('resource'), ['a', 'b&c'])
    for (const name of ['state', 'nonce', 'scope', 'redirect_uri', 'client_id', 'response_type'])
      t.equal(login.searchParams.getAll(name).length, 1, name)
    t.strictSame((await startLogin(browser, url, '/signup')).searchParams.getAll('screen_hint'), ['signup'])
  },
)

t.test('a link cannot add parameters to the request', async (t) => {
  const { url } = await startWithIssuer(t)
  const names = async (path: string) =>
    Object.keys(parametersOf(await startLogin(new WebBrowser(), url, path)))
  t.strictSame(
    await names('/login?prompt=none&scope=x&audience=x&acr_values=x&state=x&redirect_uri=x'),
    await names('/login'),
  )
})
