import t from 'tap'
import { loadConfig } from '../../src/config/index.ts'
import { buildApp } from '../helpers/app.ts'
import { AUDIENCE, TestIssuer } from '../helpers/issuer.ts'

t.test('app.config is the loaded configuration, frozen', async (t) => {
  const issuer = await TestIssuer.start(t)
  const environment = {
    DATABASE_URL: 'file::memory:',
    CLIENT_ORIGIN_URL: 'https://a.example,https://b.example',
    TRUST_PROXY: 'loopback,10.0.0.0/8',
    BASE_URL: 'https://app.example',
  }
  const app = await buildApp(t, issuer, { environment })
  t.strictSame(app.config, loadConfig({ AUTH0_DOMAIN: issuer.url, AUTH0_AUDIENCE: AUDIENCE, ...environment }))
  for (const value of [app.config, ...Object.values(app.config)]) t.ok(Object.isFrozen(value))
})
