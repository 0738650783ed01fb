import t from 'tap'
import { askIssuers } from '../../../src/plugins/auth/ask-issuers.ts'
import type { Issuer } from '../../../src/plugins/auth/issuer.ts'

const issuer = (name: string, downloadKeys: () => Promise<unknown[]>) =>
  ({ name, downloadKeys }) as unknown as Issuer

const failing = (name: string, message: string, cause?: Error) =>
  issuer(name, () => Promise.reject(new Error(message, { cause })))

t.test('every issuer is reported with its keys or the reason of its failure', async (t) => {
  const refused = Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }) // of a host with several addresses
  const reports = await askIssuers(
    [
      issuer('two keys', async () => [{}, {}]),
      issuer('no key', async () => []),
      failing('wrong', 'jwks_uri is missing'),
      failing('unknown host', 'fetch failed', new Error('getaddrinfo ENOTFOUND')),
      failing('down', 'fetch failed', refused),
    ],
    0,
  )
  t.strictSame(reports, [
    { issuer: 'two keys', keys: 2 },
    { issuer: 'no key', keys: 0, fault: 'its key set has no usable key' },
    { issuer: 'wrong', keys: 0, fault: 'jwks_uri is missing' },
    { issuer: 'unknown host', keys: 0, fault: 'fetch failed: getaddrinfo ENOTFOUND' },
    { issuer: 'down', keys: 0, fault: 'fetch failed: ECONNREFUSED' },
  ])
})
