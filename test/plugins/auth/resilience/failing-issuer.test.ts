import type { IncomingMessage, ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import { FAILURE_COOLDOWN_MS, FRESH_MS } from '../../../../src/plugins/auth/key-set.ts'
import { bearer, listen } from '../../../helpers/app.ts'
import { moveClock } from '../../../helpers/clock.ts'
import { TestIssuer } from '../../../helpers/issuer.ts'
import { startService } from '../../../helpers/service.ts'

interface Circumstances {
  /** The correct response, for the discovery document and for the keys. */
  readonly right: object
  /** URL of another issuer. */
  readonly elsewhere: string
}

type Misbehave = (request: IncomingMessage, response: ServerResponse, circumstances: Circumstances) => void

/** Failures of an issuer. */
const ways: Record<string, Misbehave> = {
  hangs: () => {},
  'is slow by the byte': (_request, response) => {
    const drip = setInterval(() => response.write(' '), 50)
    response.on('close', () => clearInterval(drip))
  },
  'answers 500': (_request, response, { right }) => response.writeHead(500).end(JSON.stringify(right)),
  'answers 503 with a page': (_request, response) => response.writeHead(503).end('<html>'),
  redirects: ({ url }, response, { elsewhere }) =>
    response.writeHead(302, { location: new URL(String(url), elsewhere).href }).end(),
  'answers 2 MiB': (_request, response, { right }) =>
    response.end(JSON.stringify({ ...right, padding: ' '.repeat(2 * 1_048_576) })),
  'answers what is not JSON': (_request, response) => response.end('<html>'),
  'answers nothing': (_request, response) => response.end(),
  'answers JSON of another shape': (_request, response) => response.end('{"keys":{"0":{}}}'),
  'answers half of the JSON': (_request, response, { right }) =>
    response.end(JSON.stringify(right).slice(0, -1)),
  'cuts the connection': (_request, response) => response.destroy(),
  'cuts the connection in the middle': (_request, response) => {
    response.writeHead(200, { 'content-length': 100 }).write('{"keys":')
    setImmediate(() => response.destroy())
  },
}

interface Case {
  readonly name: string
  /** Default: refuses connections. */
  readonly misbehave?: Misbehave
  readonly onlyWithKeys: boolean
}

const cases: Case[] = [
  { name: 'refuses connections', onlyWithKeys: false },
  ...Object.entries(ways).flatMap(([name, misbehave]) => [
    { name, misbehave, onlyWithKeys: false },
    { name: `${name} when asked for keys`, misbehave, onlyWithKeys: true },
  ]),
]

/** Starts a service that knows key-1 of an issuer, which publishes key-2 and then fails. */
async function startFailing(t: Test, { name, misbehave, onlyWithKeys }: Case, elsewhere: string) {
  const environment = { AUTH_ALGORITHMS: 'RS256,ES256' }
  const { issuer, app, status } = await startService(t, environment)
  const known = await issuer.sign()
  t.equal(await status(known), 200)
  const unseen = await issuer.sign({ jti: 'unseen' })
  await issuer.addKey('key-2', 'ES256')
  const unknown = await issuer.sign()
  const right = {
    ...{ issuer: issuer.url, jwks_uri: `${issuer.url}jwks.json` },
    keys: issuer.keys.map(({ jwk }) => jwk),
  }
  let cold: ReturnType<typeof listen> | undefined
  return {
    ...{ name, status, known, unseen, unknown },
    gaveUp: () => app.logLines.some(({ msg }) => msg.startsWith('key set not fetched')),
    /** The status at another service, which the first call starts while the issuer fails. */
    statusWhenCold: async () => {
      cold ??= listen(t, issuer, { environment })
      const { url } = await cold
      return (await fetch(`${url}/api/private`, { headers: bearer(known) })).status
    },
    fail: async () => {
      if (!misbehave) return issuer.stop()
      issuer.misbehavesOnlyWithKeys = onlyWithKeys
      issuer.misbehaviour = (request, response) => misbehave(request, response, { right, elsewhere })
    },
    heal: async () => {
      issuer.misbehaviour = undefined
      if (!misbehave) await issuer.listen()
    },
  }
}

/** All in parallel, because some take the whole time-out of five seconds. */
t.test('an issuer that fails', async (t) => {
  const clock = moveClock(t)
  const elsewhere = await TestIssuer.start(t)
  const services = await Promise.all(cases.map((each) => startFailing(t, each, elsewhere.url)))

  await Promise.all(services.map(({ fail }) => fail()))
  clock.set(FRESH_MS)
  const checkFailing = async (service: (typeof services)[number]) => {
    const { name, status, known, unseen, unknown, statusWhenCold, gaveUp } = service
    const answers = [await status(known), await status(unseen), await status(known)]
    t.strictSame(answers, [200, 200, 200], `${name}: known keys are usable`)
    if (/^(hangs|is slow)/.test(name)) t.notOk(gaveUp(), `${name}: no request has waited for it`)
    const unavailable = await Promise.all([status(unknown), statusWhenCold()])
    t.strictSame(unavailable, [503, 503], `${name}: an unknown key is 503, and so is every key at first`)
    t.ok(gaveUp(), `${name}: the download has timed out or failed`)
    t.equal(await status(known), 200, `${name}: known keys stay usable`)
  }
  await Promise.all(services.map(checkFailing))
  t.equal(elsewhere.keySetRequests, 0, 'redirects are not followed')

  await Promise.all(services.map(({ heal }) => heal()))
  clock.set(FRESH_MS + FAILURE_COOLDOWN_MS)
  for (const { name, status, unknown, known, statusWhenCold } of services) {
    const answers = [await status(unknown), await status(known), await statusWhenCold()]
    t.strictSame(answers, [200, 200, 200], `${name}: recovers`)
  }
})
