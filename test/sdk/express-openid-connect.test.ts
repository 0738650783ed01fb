import express from 'express'
import { auth } from 'express-openid-connect'
import t from 'tap'
import { tenantFor } from '../dev/helpers/tenant.ts'
import { inBrowser } from '../helpers/browser.ts'
import { freePort } from '../helpers/free-port.ts'
import { enterPassword, hasState } from './application.ts'

inBrowser(
  t,
  'an application with the defaults of express-openid-connect logs in and out',
  async (t, browser) => {
    const tenant = await tenantFor(t)
    const port = await freePort()
    const baseURL = `http://localhost:${port}`
    const app = express()
    app.use(
      auth({
        issuerBaseURL: tenant.issuer,
        baseURL,
        clientID: 'gatehouse-web',
        secret: 'a-long-secret-of-the-sessions-of-this-test',
        auth0Logout: false,
        idpLogout: true,
      }),
    )
    app.get('/', (request, response) => {
      response.send(`<p id="state">${request.oidc.user?.email}</p>`)
    })
    const server = app.listen(port, '127.0.0.1')
    t.teardown(() => {
      server.close()
      server.closeAllConnections()
    })

    const page = await browser.newPage()
    await page.goto(baseURL)
    await enterPassword(page)
    await hasState(page, 'reader@example.com')

    await page.goto(`${baseURL}/logout`)
    // Back at the application without a question, which asks for a login again
    await page.getByRole('heading', { name: 'Log in' }).waitFor({ timeout: 20_000 })
  },
)
