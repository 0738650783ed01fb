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
  rejected: string[]
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
    rejected: [
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
    rejected: ['*', 'null', 'app.example', 'https://app.example/path', 'file:///etc', 'https://a.example,,'],
  },
  'an API identifier': {
    parse: identifierList,
    accepted: {
      'https://api.example': ['https://api.example'],
      'urn:one, two': ['urn:one', 'two'],
    },
    rejected: ['two words', 'one,,two', ','],
  },
  'a signature algorithm': {
    parse: algorithmList,
    accepted: { RS256: ['RS256'], 'ES256, EdDSA': ['ES256', 'EdDSA'], [algorithms.join()]: [...algorithms] },
    rejected: ['none', 'HS256', 'rs256', 'RS256,HS256', 'RS256 ES256'],
  },
  'a session secret': {
    parse: secretList,
    accepted: { [secret]: [secret], [`${secret}, ${secret}2`]: [secret, `${secret}2`] },
    rejected: [secret.slice(1), `${secret},short`],
  },
  'an address to listen on': {
    parse: hostname,
    accepted: { '0.0.0.0': '0.0.0.0', '::1': '::1', 'host.example': 'host.example' },
    rejected: ['two words', '::1::', 'http://host.example', 'host.example:80'],
  },
  'a database URL': {
    parse: databaseUrl,
    accepted: {
      'file:data/gatehouse.db': 'file:data/gatehouse.db',
      'postgres://user@db.example/name': 'postgres://user@db.example/name',
      'postgresql://db.example/name': 'postgresql://db.example/name',
    },
    rejected: ['file:', 'data/gatehouse.db', 'mysql://db.example/name'],
  },
  'a Redis URL': {
    parse: redisUrl,
    accepted: {
      'redis://cache.example:6379/1': 'redis://cache.example:6379/1',
      'rediss://user:password@cache.example': 'rediss://user:password@cache.example',
    },
    rejected: ['cache.example:6379', 'redis://', 'http://cache.example', '/var/run/redis.sock'],
  },
  'a base URL': {
    parse: httpUrl,
    accepted: {
      'https://app.example': 'https://app.example',
      'http://app.example:3000/base/': 'http://app.example:3000/base',
    },
    rejected: ['app.example', 'ftp://app.example', 'https://app.example/?a=b', 'https://app.example/#top'],
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
    rejected: [
      'true', // trusts any address that a caller sends
      '-1',
      '100',
      '10.0.0.0/0', // equivalent to true
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

for (const [name, { parse, accepted, rejected }] of Object.entries(values)) {
  t.test(`${name} is parsed from text`, async (t) => {
    for (const [text, value] of Object.entries(accepted)) {
      t.strictSame(parse(text), value, text)
      t.ok(Object.isFrozen(parse(text)), `${text} is frozen`)
    }
  })

  t.test(`text that is not ${name} is rejected`, async (t) => {
    for (const text of rejected) t.equal(parse(text), undefined, text)
    t.match(parse.expected, /^\S.*\S$/, 'the expected text is described')
  })
}
