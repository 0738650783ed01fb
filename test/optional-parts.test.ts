import t, { type Test } from 'tap'
import { Collector } from './helpers/collector.ts'
import { freePort } from './helpers/free-port.ts'
import { preload, required, start } from './helpers/process.ts'
import { webAppAt } from './helpers/web-app.ts' // part: web-app

const parts = [
  '/@fastify/swagger/',
  '/src/plugins/openapi/document.ts',
  '/prom-client/',
  '/src/plugins/metrics/all.ts',
  '/@opentelemetry/',
  '/@fastify/otel/',
  '/src/plugins/tracing/instrument.ts',
  '/@fastify/rate-limit/',
  '/ioredis/',
  '/src/plugins/key-sets/kept-keys.ts',
  '/src/plugins/rate-limit/limit-requests.ts',
  '/src/plugins/redis/shared-redis.ts',
  '/src/plugins/auth/proof/possession.ts',
  // part: web-app
  '/openid-client/',
  '/@fastify/view/',
  '/eta/',
  '/@fastify/static/',
  '/src/web/',
  '/src/theme/',
  // end
]

/** Returns the parts that a process has loaded after a request and its shutdown. */
async function loadedParts(t: Test, environment: Record<string, string>): Promise<string[]> {
  const report = `import { registerHooks } from 'node:module'
    registerHooks({ load: (url, context, next) => (process.stderr.write(url + '\\n'), next(url, context)) })`
  const { child, ended, listening } = start(t, {
    environment: { ...required, ...environment },
    execArgv: preload(report),
  })
  const response = await fetch(`${await listening()}/api/private`)
  child.kill('SIGTERM')
  const { code, stderr } = await ended
  t.strictSame([response.status, code], [401, 0])
  return parts.filter((part) => stderr.includes(part))
}

t.test('optional modules are loaded only when enabled', async (t) => {
  t.strictSame(await loadedParts(t, { OTEL_SERVICE_NAME: 'other', DOCS: 'off', DPOP: 'disabled' }), [])
  const environment = {
    METRICS_PORT: String(await freePort()),
    OTEL_EXPORTER_OTLP_ENDPOINT: (await Collector.start(t)).url,
    RATE_LIMIT_MAX: '100',
    REDIS_URL: 'redis://127.0.0.1:1', // closed port
    STATE_SECRET: 'a-secret-of-the-tests-for-the-state',
    ...webAppAt('http://localhost:3000'), // part: web-app
  }
  t.strictSame(await loadedParts(t, environment), parts)
})
