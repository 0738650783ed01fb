import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../src/config/index.ts'

const webApp = {
  AUTH0_DOMAIN: 'tenant.test',
  AUTH0_AUDIENCE: 'https://api.test',
  AUTH0_CLIENT_ID: 'web',
  SESSION_SECRET: 's3cret-'.repeat(8),
}
const pem = { type: 'pkcs8', format: 'pem' } as const
const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength }).privateKey.export(pem)
const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).privateKey.export(pem)

t.test('a private key can replace the client secret', async (t) => {
  for (const [key, algorithm] of [
    [rsa(2048), 'RSASSA-PKCS1-v1_5'],
    [ec('P-256'), 'ECDSA'],
    [generateKeyPairSync('ed25519').privateKey.export(pem), 'Ed25519'],
  ] as const) {
    const path = join(t.testdir({ key }), 'key')
    t.match(loadConfig({ ...webApp, AUTH0_CLIENT_KEY_FILE: path }).AUTH0_CLIENT_KEY, {
      algorithm: { name: algorithm },
    })
  }
})

t.test('other keys are rejected without being quoted', async (t) => {
  const { publicKey } = generateKeyPairSync('ed25519')
  for (const key of [
    'nonsense',
    publicKey.export({ type: 'spki', format: 'pem' }),
    rsa(1024),
    ec('P-384'),
    generateKeyPairSync('x25519').privateKey.export(pem),
  ])
    t.throws(
      () => loadConfig({ ...webApp, AUTH0_CLIENT_KEY: String(key) }),
      /AUTH0_CLIENT_KEY is wrong: expected a private key in PEM[^\n]*passphrase$/,
    )
})

t.test('a secret and a key exclude each other, and a key needs the other variables', async (t) => {
  const AUTH0_CLIENT_KEY = String(ec('P-256'))
  t.throws(() => loadConfig({ ...webApp, AUTH0_CLIENT_KEY, AUTH0_CLIENT_SECRET: 's' }), /are both set/)
  t.throws(
    () => loadConfig({ ...webApp, AUTH0_CLIENT_KEY, SESSION_SECRET: '' }),
    /SESSION_SECRET is missing: the web app needs all of AUTH0_CLIENT_ID, AUTH0_CLIENT_KEY, SESSION_SECRET/,
  )
})
