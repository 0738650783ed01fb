import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import fastifyStatic from '@fastify/static'
import fp from 'fastify-plugin'
import { themeFiles } from '../theme/index.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Path of the stylesheet, scripts, icons and fonts, without a trailing slash. */
    assetsPath: string
  }
}

/**
 * Serves the files that the pages load. Their path contains a hash of all of them, so browsers can cache them for good.
 * Other hashes are served without caching: during a rolling update a page of one replica may load files of another.
 */
export default fp(
  async (app) => {
    await app.register(fastifyStatic, { root: ASSETS, serve: false })

    const files = new Map([...themeFiles, ...ownFiles()])
    const version = hash([...files.values()])
    app.decorate('assetsPath', `/assets/${version}`)

    app.get<{ Params: { version: string; name: string } }>(
      '/assets/:version/:name',
      { config: { public: true, rateLimit: false }, schema: { hide: true } },
      (request, reply) => {
        const file = files.get(request.params.name) // no other file is ever opened
        if (!file) return reply.callNotFound()
        const isCurrent = request.params.version === version
        const caching = isCurrent ? { maxAge: '365d', immutable: true } : { maxAge: 0 }
        return reply.sendFile(basename(file), dirname(file), caching)
      },
    )
    const mark = themeFiles.get('mark.svg') as string
    // Browsers request this address for responses that are not pages, such as JSON
    app.get(
      '/favicon.ico',
      { config: { public: true, rateLimit: false }, schema: { hide: true } },
      (_request, reply) => reply.sendFile(basename(mark), dirname(mark), { maxAge: '1d' }),
    )
  },
  { name: 'assets', dependencies: ['env', 'guards', 'rate-limit'] },
)

const ASSETS = join(import.meta.dirname, './views/assets')

function ownFiles(): [name: string, path: string][] {
  return readdirSync(ASSETS).map((name) => [name, join(ASSETS, name)])
}

function hash(paths: string[]): string {
  const digest = createHash('sha256')
  for (const path of paths) digest.update(readFileSync(path))
  return digest.digest('hex').slice(0, 16)
}
