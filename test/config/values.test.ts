import t from 'tap'
import { authorizationParams, loginScope } from '../../src/config/login-values.ts' // part: web-app
import type { Parse } from '../../src/config/parse.ts'
import {
  apiUrl,
  databaseUrl,
  httpUrl,
  issuerList,
  originList,
  originUrl,
  publicUrl,
  redisUrl,
} from '../../src/config/urls.ts'
import {
  algorithmList,
  algorithms,
  headerList,
  hostname,
  identifierList,
  proxies,
  secretList,
} from '../../src/config/values.ts'

interface Expectations {
  parse: Parse<unknown>
  accepted: Record<string, unknown>
  rejected: string[]
  /** Rejected with a reason of their own. */
  reasons?: Record<string, RegExp>
}

const placeholder = /^this is a placeholder/
const escapeHint = /^escape @ # % \/ \? in the password/

const secret = 's'.repeat(32)

const values: Record<string, Expectations> = {
  'an issuer': {
    parse: issuerList,
    accepted: {
      'tenant.eu.auth0.com': ['https://tenant.eu.auth0.com/'],
      'Tenant.EU.auth0.com/': ['https://tenant.eu.auth0.com/'],
      'login.example:8443': ['https://login.example:8443/'],
      'https://tenant.eu.auth0.com/': ['https://tenant.eu.auth0.com/'],
      'https://login.example/realms/one': ['https://login.example/realms/one'],
      'http://localhost:4400/': ['http://localhost:4400/'],
      'one.example, https://two.example/': ['https://one.example/', 'https://two.example/'],
    },
    reasons: {
      'https://user:secret@login.example/': /^expected an issuer without user and password$/,
      'https://login.example/.well-known/openid-configuration': /^expected the issuer, not its discovery/,
      'login.example.com': placeholder,
      'https://example.org/': placeholder,
      'https://tenant.eu.auth0.com': /final slash/,
      'https://tenant.eu.auth0.com/api/v2/': /final slash/,
      'https://Tenant.eu.auth0.com/': /lower case/,
      'one.example, https://tenant.us.auth0.com': /final slash/,
    },
    rejected: [
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
    reasons: { '*': /^wildcards are not supported/, 'https://*.example.com': /^wildcards are not supported/ },
    rejected: ['null', 'app.example', 'https://app.example/path', 'file:///etc', 'https://a.example,,'],
  },
  'a list of headers': {
    parse: headerList,
    accepted: { '': [], 'X-Tenant-Id, baggage': ['X-Tenant-Id', 'baggage'] },
    rejected: ['two words', 'X-Id:', 'a,,b', 'é', '"a"'],
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
    accepted: {
      RS256: ['RS256'],
      'ES256, EdDSA': ['ES256', 'EdDSA'],
      Ed25519: ['Ed25519'],
      [algorithms.join()]: [...algorithms],
    },
    rejected: ['none', 'HS256', 'rs256', 'RS256,HS256', 'RS256 ES256'],
  },
  'a list of secrets': {
    parse: secretList,
    accepted: { [secret]: [secret], [`${secret}, ${secret}2`]: [secret, `${secret}2`] },
    rejected: [secret.slice(1), `${secret},short`],
  },
  // part: web-app
  'a login scope': {
    parse: loginScope,
    accepted: {
      openid: 'openid',
      'openid api://1/read offline_access': 'openid api://1/read offline_access',
    },
    rejected: [
      'profile email',
      'OpenID',
      'openid  email',
      'openid,email',
      'openid\tx',
      'openid "x',
      'openid ä',
    ],
  },
  'authorization parameters': {
    parse: authorizationParams,
    accepted: {
      'prompt=consent&access_type=offline': [
        ['prompt', 'consent'],
        ['access_type', 'offline'],
      ],
      '?resource=a%20b&resource=c+d&': [
        ['resource', 'a b'],
        ['resource', 'c d'],
      ],
      '': [],
    },
    reasons: {
      ...Object.fromEntries(
        [
          ...[
            'response_type',
            'response_mode',
            'client_id',
            'client_secret',
            'redirect_uri',
            'state',
            'nonce',
          ],
          ...['code_challenge', 'code_challenge_method', 'request', 'request_uri', '%73tate', 'a=b&nonce'],
        ].map((name) => [`${name}=x`, /is a parameter of the protocol and cannot be set$/]),
      ),
      'scope=x': /^scope is set by LOGIN_SCOPE$/,
      'audience=x': /^audience is set by AUTH0_AUDIENCE$/,
    },
    rejected: ['prompt', 'prompt=', '=x', 'a=%00', 'a=%0d%0ab', 'a=%ff'],
  },
  // end
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
      'file:///data/a%20b.db': 'file:///data/a%20b.db',
      'postgres://u:p%40%23w@db.example/n?user=a%40b': 'postgres://u:p%40%23w@db.example/n?user=a%40b',
      'postgres://u:p@w@db.example/n': 'postgres://u:p@w@db.example/n', // the last @ counts
      'postgres://u:pw@db.example/n?application_name=a@b':
        'postgres://u:pw@db.example/n?application_name=a@b',
    },
    reasons: {
      'postgres://u:p@secretpw#w@h/db': escapeHint,
      'postgres://u:1/w@h/db': escapeHint,
      'postgres://u:a/w@h/db': escapeHint,
      'postgres://u:1?w@h/db': escapeHint,
      'postgres://u:1?a=w@h/db': escapeHint,
      'postgres://u:p@w?x@h/db': escapeHint,
      'postgres://u:100%@h/db': escapeHint,
      'postgres://u:%ff@h/db': escapeHint,
    },
    rejected: [
      'file:',
      'file://host/data.db',
      'file:///%zz',
      'data/gatehouse.db',
      'mysql://db.example/name',
      'postgres://db.example:port/name',
      'postgres:name',
    ],
  },
  'a Redis URL': {
    parse: redisUrl,
    accepted: {
      'redis://cache.example:6379/1': 'redis://cache.example:6379/1',
      'rediss://user:password@cache.example': 'rediss://user:password@cache.example',
      'redis+cluster://a:7000,b': 'redis+cluster://a:7000,b',
      'rediss+cluster://user:p%40ss@a,[::1]:7001/': 'rediss+cluster://user:p%40ss@a,[::1]:7001/',
      'redis+sentinel://a,b:26380/primary': 'redis+sentinel://a,b:26380/primary',
    },
    reasons: {
      'redis+cluster://a,b/1': /no databases/,
      'redis+sentinel://a,b': /name of the primary/,
      'redis+sentinel://a/b/c': /name of the primary/,
      'redis://:p#w@cache.example': escapeHint,
      'rediss://:100%@cache.example': escapeHint,
    },
    rejected: [
      'cache.example:6379',
      'redis://',
      'http://cache.example',
      '/var/run/redis.sock',
      'redis+cluster://',
      'redis+cluster://a,,b',
      'redis+ring://a',
    ],
  },
  'a collector URL': {
    parse: httpUrl,
    accepted: {
      'https://app.example': 'https://app.example',
      'http://app.example:3000/base/': 'http://app.example:3000/base',
    },
    rejected: ['app.example', 'ftp://app.example', 'https://app.example/?a=b', 'https://app.example/#top'],
  },
  'an API URL': {
    parse: apiUrl,
    accepted: { 'https://api.example/base/': 'https://api.example/base' },
    rejected: ['api.example', 'https://user:secret@api.example', 'https://user@api.example'],
  },
  'a base URL': {
    parse: originUrl,
    accepted: { 'https://app.example/': 'https://app.example', 'http://localhost:80': 'http://localhost:80' },
    rejected: [
      'app.example',
      'https://app.example/base',
      'https://user:secret@app.example',
      'ftp://app.example',
    ],
  },
  'a public URL': {
    parse: publicUrl,
    accepted: {
      'https://API.example:443/': 'https://api.example',
      'https://api.example/svc2/v1/': 'https://api.example/svc2/v1',
    },
    rejected: ['api.example', 'https://api.example/:id', 'https://api.example/%61', 'https://api.example//a'],
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

for (const [name, { parse, accepted, rejected, reasons = {} }] of Object.entries(values)) {
  t.test(`${name} is parsed from text`, async (t) => {
    for (const [text, value] of Object.entries(accepted)) {
      t.strictSame(parse(text), value, text)
      t.ok(Object.isFrozen(parse(text)), `${text} is frozen`)
    }
  })

  t.test(`text that is not ${name} is rejected`, async (t) => {
    for (const text of rejected) t.equal(parse(text), undefined, text)
    for (const [text, reason] of Object.entries(reasons)) {
      t.throws(() => parse(text), { message: reason }, text)
    }
    t.match(parse.expected, /^\S.*\S$/, 'the expected text is described')
  })
}
