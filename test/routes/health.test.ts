import t, { type Test } from 'tap'
import { type BuildOptions, listen } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'

async function start(t: Test, options: BuildOptions = {}, issuer?: TestIssuer) {
  const app = await listen(t, issuer ?? (await TestIssuer.start(t)), options)
  const get = async (path: string) => {
    const response = await fetch(`${app.url}${path}`)
    const { issuers: _, ...body } = (await response.json()) as { issuers?: object }
    return [response.status, body]
  }
  return { app, get }
}

const alive = [200, { status: 'ok' }]
const ready = [200, { status: 'ready', checks: { process: 'ok', load: 'ok', store: 'ok' } }]

t.test('a running process is alive and ready', async (t) => {
  const { get } = await start(t)
  t.strictSame(await get('/livez'), alive)
  t.strictSame(await get('/readyz'), ready)
})

t.test('a draining process is alive and unready, and still answers requests', async (t) => {
  const { app, get } = await start(t)
  app.startDraining()
  t.strictSame(await get('/readyz'), [
    503,
    { status: 'unready', checks: { process: 'shutting down', load: 'ok', store: 'ok' } },
  ])
  t.strictSame(await get('/livez'), alive)
  t.match(await get('/api/public'), [200])
})

t.test('a failing check makes the process unready and is named; the other checks still run', async (t) => {
  let fault: Error | undefined
  const { get } = await start(t, {
    extend: ({ readinessChecks }) => {
      readinessChecks.set('store', async () => {
        if (fault) throw fault
      })
      readinessChecks.set('disk', () => {})
    },
  })
  const checks = { process: 'ok', load: 'ok', store: 'ok', disk: 'ok' }
  t.strictSame(await get('/readyz'), [200, { status: 'ready', checks }])
  fault = new Error('unreachable')
  t.strictSame(await get('/readyz'), [
    503,
    { status: 'unready', checks: { ...checks, store: 'unreachable' } },
  ])
  t.strictSame(await get('/livez'), alive)
  fault = undefined
  t.strictSame(await get('/readyz'), [200, { status: 'ready', checks }])
})

t.test('an unavailable issuer does not make the process unready', async (t) => {
  const issuer = await TestIssuer.start(t)
  const token = await issuer.sign()
  await issuer.stop()
  const { app, get } = await start(t, {}, issuer)
  const response = await fetch(`${app.url}/api/private`, { headers: { authorization: `Bearer ${token}` } })
  t.equal(response.status, 503)
  t.strictSame(await get('/readyz'), ready)
})
