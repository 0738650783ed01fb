import t from 'tap'
import { isCrossSite } from '../../../src/web/login/cross-site.ts'

t.test('the origin is that of the web app, wherever its address leads to', async (t) => {
  const baseUrl = 'https://app.example:8443/base'
  t.notOk(isCrossSite({ origin: 'https://app.example:8443' }, baseUrl))
  for (const origin of [
    'https://app.example',
    'http://app.example:8443',
    'https://app.example:8443.evil.example',
  ])
    t.ok(isCrossSite({ origin }, baseUrl), origin)
})
