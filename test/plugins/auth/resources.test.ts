import t from 'tap'
import { resourcesOf } from '../../../src/plugins/auth/checks.ts'
import type { IssuerOptions } from '../../../src/plugins/auth/issuer-options.ts'
import { Resources, ROOT } from '../../../src/plugins/auth/resources.ts'
import { trustedIssuer } from '../../helpers/trusted-issuer.ts'

function declared(...paths: string[]): Resources {
  const resources = new Resources()
  for (const path of paths) resources.declare({ path, audiences: [`https://api.test${path}`] })
  return resources
}

t.test('a route belongs to the longest declared path that it begins with, in whole segments', async (t) => {
  const resources = declared('/a', '/a/b/c', '/a/b')
  const paths = ['/a', '/a/', '/a/x', '/a/b', '/a/b/:id', '/a/b/c/d', '/ab', '/a.b', '/b/a', '/', '/A', '/:a']
  t.strictSame(
    paths.map((path) => resources.pathOf(path)),
    ['/a', '/a', '/a', '/a/b', '/a/b', '/a/b/c', ROOT, ROOT, ROOT, ROOT, ROOT, ROOT],
  )
})

t.test('a resource has plain segments, at least one audience and one declaration', async (t) => {
  const resources = declared('/a')
  for (const path of [
    '',
    '/',
    'a',
    '/a/',
    '//a',
    '/:a',
    '/a*',
    '/a?b',
    '/a#b',
    '/%61',
    '/./a',
    '/a/..',
    '/é',
  ]) {
    const message = /^the path of a protected resource is like/
    t.throws(() => resources.declare({ path, audiences: ['x'] }), { message }, path)
  }
  t.throws(() => resources.declare({ path: '/a', audiences: ['x'] }), { message: /declared twice/ })
  for (const audiences of [[], [''], ['x', '']])
    t.throws(() => resources.declare({ path: '/b', audiences }), { message: /needs the audiences/ })
  t.doesNotThrow(() => resources.declare({ path: '/b/...x', audiences: ['x'] }))
})

t.test('the audience of a token says which resources accept it', async (t) => {
  const of = (aud: unknown, entry: Partial<IssuerOptions> = {}) => {
    const resources = declared('/a', '/b')
    const { policy } = trustedIssuer({ issuer: 'https://one.test/', ...entry }, { resources })
    return resourcesOf(aud === undefined ? {} : { aud }, policy)
  }
  t.strictSame(of('https://api.test'), [ROOT])
  t.strictSame(of('https://api.test/a'), ['/a'])
  t.strictSame(of(['https://api.test/a', 'https://api.test']), [ROOT, '/a'])
  t.strictSame(of('https://api.test/'), [])
  t.strictSame(of('https://api.test', { audiences: ['https://own.test'] }), [])
  t.strictSame(of(['https://own.test', 'https://api.test/b'], { audiences: ['https://own.test'] }), [
    ROOT,
    '/b',
  ])
})

t.test('a token of an accepted client is for the root unless it names another resource', async (t) => {
  const of = (aud: unknown, audiences?: string[]) => {
    const entry = { issuer: 'https://one.test/', clients: ['web'], ...(audiences ? { audiences } : {}) }
    const { policy } = trustedIssuer(entry, { resources: declared('/a') })
    return resourcesOf(aud === undefined ? {} : { aud }, policy)
  }
  t.strictSame(of(undefined), [ROOT])
  t.strictSame(of('anything'), [ROOT])
  t.strictSame(of('https://api.test/a'), ['/a'])
  t.strictSame(of(undefined, ['https://own.test']), [ROOT])
  t.strictSame(of('anything', ['https://own.test']), [])
})
