import t from 'tap'
import {
  algorithmList,
  algorithms,
  databaseUrl,
  hostname,
  httpUrl,
  identifierList,
  issuerList,
  originList,
  type Parse,
  proxies,
  redisUrl,
  secretList,
} from '../../src/config/values.ts'

interface Expectations {
  parse: Parse<unknown>
  accepted: Record<string, unknown>
  refused: string[]
}

const secret = 's'.repeat(32)

const values: Record<string, Expectations> = {
  'an issuer': {
    parse: issuerList,
    accepted: {
      'tenant.eu.auth0.com': ['https://tenant.eu.auth0.com/'],
      'Tenant.EU.auth0.com/': ['https://tenant.eu.auth0.com/'],
      'login.example:8443': ['https://login.example:8443/'],
      'https://login.example/realms/one': ['https://login.example/realms/one'],
      'http://localhost:4400/': ['http://localhost:4400/'],
      'one.example, https://two.example/': ['https://one.example/', 'https://two.example/'],
    },
    refused: [
      'http://login.example/',
      'ftp://login.example/',
      'two words',
      'one.example,',
      ',',
      'login.example:99999',
      '999.999.999.999',
      'https://login.example/?tenant=1',
      'https://login.example/#one',
    ],
  },
  'an origin': {
    parse: originList,
    accepted: {
      '': [],
      'https://app.example': ['https://app.example'],
      'http://localhost:4040/': ['http://localhost:4040'],
      'https://a.example,https://b.example:8443': ['https://a.example', 'https://b.example:8443'],
    },
    refused: ['*', 'null', 'app.example', 'https://app.example/path', 'file:///etc', 'https://a.example,,'],
  },
  'an API identifier': {
    parse: identifierList,
    accepted: {
      'https://api.example': ['https://api.example'],
      'urn:one, two': ['urn:one', 'two'],
    },
    refused: ['two words', 'one,,two', ','],
  },
  'a signature algorithm': {
    parse: algorithmList,
    accepted: { RS256: ['RS256'], 'ES256, EdDSA': ['ES256', 'EdDSA'], [algorithms.join()]: [...algorithms] },
    refused: ['none', 'HS256', 'rs256', 'RS256,HS256', 'RS256 ES256'],
  },
  'a session secret': {
    parse: secretList,
    accepted: { [secret]: [secret], [`${secret}, ${secret}2`]: [secret, `${secret}2`] },
    refused: [secret.slice(1), `${secret},short`],
  },
  'an address to listen on': {
    parse: hostname,
    accepted: { '0.0.0.0': '0.0.0.0', '::1': '::1', 'host.example': 'host.example' },
    refused: ['two words', '::1::', 'http://host.example', 'host.example:80'],
  },
  'a database URL': {
    parse: databaseUrl,
    accepted: {
      'file:data/gatehouse.db': 'file:data/gatehouse.db',
      'postgres://user@db.example/name': 'postgres://user@db.example/name',
      'postgresql://db.example/name': 'postgresql://db.example/name',
    },
    refused: ['file:', 'data/gatehouse.db', 'mysql://db.example/name'],
  },
  'a Redis URL': {
    parse: redisUrl,
    accepted: {
      'redis://cache.example:6379/1': 'redis://cache.example:6379/1',
      'rediss://user:password@cache.example': 'rediss://user:password@cache.example',
    },
    refused: ['cache.example:6379', 'redis://', 'http://cache.example', '/var/run/redis.sock'],
  },
  'a base URL': {
    parse: httpUrl,
    accepted: {
      'https://app.example': 'https://app.example',
      'http://app.example:3000/base/': 'http://app.example:3000/base',
    },
    refused: ['app.example', 'ftp://app.example', 'https://app.example/?a=b', 'https://app.example/#top'],
  },
  'a list of proxies': {
    parse: proxies,
    accepted: {
      false: false,
      0: 0,
      2: 2,
      '10.0.0.1': '10.0.0.1',
      '10.0.0.0/8, loopback': '10.0.0.0/8, loopback',
      'fd00::/8,linklocal,uniquelocal': 'fd00::/8,linklocal,uniquelocal',
    },
    refused: [
      'true', // believes whatever address a caller writes
      '-1',
      '100',
      '10.0.0.0/0', // the same in other words
      '::/0',
      '10.0.0.0/33',
      '::1/129',
      '10.0.0.1/8/8',
      '10.0.0.1/',
      '10.0.0.1,',
      'loopback/8',
      'proxy.example',
    ],
  },
}

for (const [what, { parse, accepted, refused }] of Object.entries(values)) {
  t.test(`${what} is read from its text`, async (t) => {
    for (const [text, value] of Object.entries(accepted)) {
      t.strictSame(parse(text), value, text)
      t.ok(Object.isFrozen(parse(text)), `${text} is frozen`)
    }
  })

  t.test(`what is not ${what} is refused`, async (t) => {
    for (const text of refused) t.equal(parse(text), undefined, text)
    t.match(parse.expected, /^\S.*\S$/, 'it can be said what was expected')
  })
}
