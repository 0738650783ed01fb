import t, { type Test } from 'tap'
import { sessionCookie } from '../helpers/web-app.ts'
import { WebBrowser } from '../helpers/web-browser.ts'
import { startLogin, startWithIssuer } from '../helpers/web-issuer.ts'

/** Completes a login with the parameters, at an issuer that announces `iss` or does not. */
async function start(t: Test, announcement: object) {
  const { url, web, issuer } = await startWithIssuer(t)
  issuer.discovery = {
    issuer: issuer.url,
    jwks_uri: `${issuer.url}jwks.json`,
    authorization_endpoint: `${issuer.url}authorize`,
    token_endpoint: `${issuer.url}oauth/token`,
    ...announcement,
  }
  const complete = async (parameters: Record<string, string>) => {
    const browser = new WebBrowser()
    const page = await browser.visit(web.callback(await startLogin(browser, url), parameters))
    return { ...page, hasSession: sessionCookie(browser, url) !== undefined }
  }
  return { web, issuer, complete }
}

const announced = { authorization_response_iss_parameter_supported: true }

t.test('RFC 9207, 2.4: the issuer of an authorization response is compared', async (t) => {
  for (const announcement of [announced, {}]) {
    const { web, issuer, complete } = await start(t, announcement)
    t.match(await complete({ iss: issuer.url }), { status: 302, hasSession: true })
    for (const iss of ['https://evil.example/', issuer.url.slice(0, -1), issuer.url.toUpperCase()])
      t.match(await complete({ iss }), { status: 400, hasSession: false }, iss)
    t.equal(web.requests.length, 1, 'the code is not sent to the issuer')
  }
})

t.test('RFC 9207, 2.4: a response without the issuer is rejected if it was announced', async (t) => {
  const { web, complete } = await start(t, announced)
  t.match(await complete({}), { status: 400, hasSession: false })
  t.equal(web.requests.length, 0)
  const another = await start(t, {})
  t.match(await another.complete({}), { status: 302, hasSession: true })
})

t.test('RFC 9207, 2.4: an error of another issuer is not shown as an error of the issuer', async (t) => {
  const { issuer, complete } = await start(t, announced)
  const error = 'access_denied'
  t.match((await complete({ error, iss: issuer.url })).text, 'The identity provider denied the login')
  for (const parameters of [{ error }, { error, iss: 'https://evil.example/' }])
    t.match((await complete(parameters as Record<string, string>)).text, 'could not be completed')
})
