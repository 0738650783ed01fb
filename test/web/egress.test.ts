import { spawnSync } from 'node:child_process'
import t from 'tap'
import { freePort } from '../helpers/free-port.ts'
import { HOST, ISSUER, startPrivateIssuer } from '../helpers/private-issuer.ts'
import { required, start } from '../helpers/process.ts'
import { webAppAt } from '../helpers/web-app.ts'
import { WebIssuer } from '../helpers/web-issuer.ts'

const skip = spawnSync('openssl', ['version']).error ? 'no openssl' : false

t.test(
  'a login goes through the proxy to an issuer with a certificate of a private CA',
  { skip },
  async (t) => {
    const { issuer, proxy, certificate } = await startPrivateIssuer(t)
    const web = new WebIssuer(issuer)
    web.accessClaims = { iss: ISSUER }
    web.idClaims = { iss: ISSUER }
    const PORT = String(await freePort())
    const url = `http://127.0.0.1:${PORT}`
    const egress = {
      NODE_USE_ENV_PROXY: '1',
      HTTPS_PROXY: proxy.url,
      NO_PROXY: 'localhost,127.0.0.1',
      NODE_EXTRA_CA_CERTS: certificate,
    }
    const environment = { ...required, ...webAppAt(url), ...egress, PORT, AUTH0_DOMAIN: ISSUER }
    await start(t, { environment }).listening()

    const login = await fetch(`${url}/login`, { redirect: 'manual' })
    const request = new URL(String(login.headers.get('location')))
    t.equal(request.origin, new URL(ISSUER).origin)
    const [cookie = ''] = String(login.headers.get('set-cookie')).split(';')
    const callback = await fetch(web.callback(request), { redirect: 'manual', headers: { cookie } })
    t.strictSame([callback.status, callback.headers.get('location')], [302, '/profile'])
    t.equal(web.requests.length, 1)
    t.strictSame([...new Set(proxy.targets)], [`${HOST}:443`])
  },
)
