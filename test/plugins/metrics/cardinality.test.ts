import { METHODS } from 'node:http'
import t from 'tap'
import things from '../../fixtures/routes/things.ts'
import { bearer } from '../../helpers/app.ts'
import { startMeasured } from '../../helpers/measured.ts'

const random = () => Math.random().toString(36).slice(2)
const methods = METHODS.filter((method) => method !== 'CONNECT') as 'GET'[]

t.test('invented paths, methods and tokens do not create new series', async (t) => {
  const { issuer, app, scrape } = await startMeasured(t, {
    environment: { LOG_LEVEL: 'silent' },
    extend: (app) => void app.register(things),
  })
  const good = bearer(await issuer.sign())
  const forgeries = [
    () => issuer.signRaw(issuer.header({ kid: random() })),
    () => issuer.signRaw(issuer.header({ alg: random() })),
    () => issuer.signRaw(issuer.header(), issuer.claims({ iss: `https://${random()}.test/` })),
    () => issuer.signRaw(issuer.header(), issuer.claims({ aud: random() })),
    random,
  ]
  const invent = async (i: number) => {
    const method = methods[i % methods.length] as 'GET'
    const forge = forgeries[i % forgeries.length] as () => string
    await app.inject({ method, url: `/${random()}/${random()}?${random()}` })
    await app.inject({ method, url: '/api/private', headers: bearer(forge()) })
    await app.inject({ url: `/things/${random()}`, headers: good })
  }
  const series = async () => {
    const ours = (await scrape()).samples.filter(({ name }) => /^(http|gatehouse)_/.test(name))
    return ours.map(({ name, labels }) => `${name} ${JSON.stringify(labels)}`).sort()
  }
  for (let i = 0; i < methods.length; i++) await invent(i)
  const before = await series()
  for (let i = 0; i < 1000; i++) await invent(i)
  t.strictSame(await series(), before)
  const labels = { method: 'other', route: 'unknown', status: '404' }
  t.ok((await scrape()).sum('http_request_duration_seconds_count', labels) > 100)
})
