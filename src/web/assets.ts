import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyInstance {
    /** Where the pages find stylesheet, script, icons and fonts; without a final slash. */
    assetsPath: string
  }
}

/**
 * The files that the pages load. Their address holds a hash of all of them, so a browser need never ask again. Other
 * hashes are served, too, but not to be kept: while replicas are renewed, a page of one may ask another for its files.
 */
export default fp(
  async (app) => {
    const { default: fastifyStatic } = await import('@fastify/static') // costs time at start, so only here
    await app.register(fastifyStatic, { root: ASSETS, serve: false })

    const files = new Map([...ownFiles(), ...fonts()])
    const version = hash([...files.values()])
    app.decorate('assetsPath', `/assets/${version}`)

    app.get<{ Params: { version: string; name: string } }>(
      '/assets/:version/:name',
      { config: { public: true, rateLimit: false }, schema: { hide: true } },
      (request, reply) => {
        const file = files.get(request.params.name) // no other path is ever opened
        if (!file) return reply.callNotFound()
        const isCurrent = request.params.version === version
        const caching = isCurrent ? { maxAge: '365d', immutable: true } : { maxAge: 0 }
        return reply.sendFile(basename(file), dirname(file), caching)
      },
    )
  },
  { name: 'assets', dependencies: ['env', 'guards', 'rate-limit'] },
)

const ASSETS = join(import.meta.dirname, './views/assets')

type NamedFile = [name: string, path: string]

function ownFiles(): NamedFile[] {
  return readdirSync(ASSETS).map((name) => [name, join(ASSETS, name)])
}

/** Latin letters, upright, every weight. */
function fonts(): NamedFile[] {
  return ['inter', 'space-grotesk', 'fira-code'].map((font) => [
    `${font}.woff2`,
    fileURLToPath(import.meta.resolve(`@fontsource-variable/${font}/files/${font}-latin-wght-normal.woff2`)),
  ])
}

function hash(paths: string[]): string {
  const digest = createHash('sha256')
  for (const path of paths) digest.update(readFileSync(path))
  return digest.digest('hex').slice(0, 16)
}
