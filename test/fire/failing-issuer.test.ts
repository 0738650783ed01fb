import type { IncomingMessage, ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import { FAILURE_PAUSE_MS, FRESH_MS } from '../../src/auth/key-set.ts'
import { bearer, listen } from '../helpers/app.ts'
import { moveClock } from '../helpers/clock.ts'
import { TestIssuer } from '../helpers/issuer.ts'
import { startService } from '../helpers/service.ts'

type Misbehave = (request: IncomingMessage, response: ServerResponse, elsewhere: string) => void

/** What an issuer may do to whoever asks for its keys. */
const ways: Record<string, Misbehave> = {
  hangs: () => {},
  'is slow by the byte': (_request, response) => {
    const drip = setInterval(() => response.write(' '), 50)
    response.on('close', () => clearInterval(drip))
  },
  'answers 500': (_request, response) => response.writeHead(500).end('{"keys":[]}'),
  'answers 503 with a page': (_request, response) => response.writeHead(503).end('<html>'),
  redirects: ({ url }, response, elsewhere) =>
    response.writeHead(302, { location: new URL(String(url), elsewhere).href }).end(),
  'answers 2 MiB': (_request, response) => response.end(`{"keys":[]${' '.repeat(2 * 1_048_576)}}`),
  'answers what is not JSON': (_request, response) => response.end('<html>'),
  'answers nothing': (_request, response) => response.end(),
  'answers JSON of another shape': (_request, response) => response.end('{"keys":{"0":{}}}'),
  'answers in the middle of JSON': (_request, response) => response.end('{"keys":[{"kty":'),
  'names another issuer': (_request, response, elsewhere) =>
    response.end(JSON.stringify({ issuer: elsewhere, jwks_uri: `${elsewhere}jwks.json` })),
  'cuts the connection': (_request, response) => response.destroy(),
  'cuts the connection in the middle': (_request, response) => {
    response.writeHead(200, { 'content-length': 100 }).write('{"keys":')
    setImmediate(() => response.destroy())
  },
}

/** A service that knows key-1 of an issuer which publishes key-2 and then falls ill. */
async function startFailing(t: Test, misbehave: Misbehave | undefined) {
  const { issuer, app, status } = await startService(t)
  const known = await issuer.sign()
  t.equal(await status(known), 200)
  const unseen = await issuer.sign({ jti: 'unseen' })
  await issuer.addKey('key-2')
  const unknown = await issuer.sign()
  const elsewhere = await TestIssuer.start(t)
  elsewhere.keys = issuer.keys
  const cold = await listen(t, issuer)
  return {
    ...{ issuer, app, status, elsewhere, known, unseen, unknown },
    statusWhenCold: async () => (await fetch(`${cold.url}/api/private`, { headers: bearer(known) })).status,
    fallIll: async () => {
      if (!misbehave) return issuer.stop()
      issuer.misbehaviour = (request, response) => misbehave(request, response, elsewhere.url)
    },
    heal: async () => {
      issuer.misbehaviour = undefined
      if (!misbehave) await issuer.listen()
    },
  }
}

/** All at once: some take the five seconds after which a fetch gives up. */
t.test('an issuer that fails', async (t) => {
  const clock = moveClock(t)
  const names = [...Object.keys(ways), 'refuses connections']
  const services = await Promise.all(names.map((name) => startFailing(t, ways[name])))
  const each = (act: (service: (typeof services)[number], name: string) => Promise<void>) =>
    Promise.all(services.map((service, index) => act(service, names[index] as string)))
  const gaveUp = ({ app }: (typeof services)[number]) =>
    app.logLines.some(({ msg }) => msg.startsWith('key set not fetched'))

  await each(({ fallIll }) => fallIll())
  clock.set(FRESH_MS)
  await each(async (service, name) => {
    const { status, known, unseen, statusWhenCold, unknown } = service
    const answers = [await status(known), await status(unseen), await status(known)]
    t.strictSame(answers, [200, 200, 200], `${name}: known keys serve`)
    if (/^hangs|slow/.test(name)) t.notOk(gaveUp(service), `${name}: without waiting for it`)
    const unavailable = await Promise.all([status(unknown), statusWhenCold()])
    t.strictSame(unavailable, [503, 503], `${name}: an unknown key is 503, and at first each is`)
    t.ok(gaveUp(service), `${name}: once the fetch has given up`)
    t.equal(await status(known), 200, `${name}: known keys serve on`)
  })

  await each(({ heal }) => heal())
  clock.set(FRESH_MS + FAILURE_PAUSE_MS)
  await each(async ({ status, unknown, known, statusWhenCold, elsewhere }, name) => {
    t.equal(await status(unknown), 200, `${name}: heals`)
    t.strictSame([await status(known), await statusWhenCold()], [200, 200])
    t.equal(elsewhere.keySetRequests, 0, `${name}: nobody else is asked`)
  })
})
