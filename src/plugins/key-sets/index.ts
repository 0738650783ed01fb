import fp from 'fastify-plugin'
import { watchFile } from './watch-file.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Tells for each issuer whether its keys are at hand: `ok` or the problem. */
    describeKeys: () => Record<string, string>
  }
}

/**
 * Fetches the keys of all issuers at the start, in the background. With a secret, keys outlive the process: those that an
 * earlier process has fetched are used until then.
 */
export default fp(
  async (app) => {
    const issuers = [...app.issuers.values()]
    const secrets = app.config.STATE_SECRET
    if (secrets) {
      const { keepKeys } = await import('./keep-keys.ts')
      await keepKeys(app, secrets)
    }
    app.decorate('describeKeys', () =>
      Object.fromEntries(
        issuers.map(({ name, keySet }) => [name, keySet.isUsable(Date.now()) ? 'ok' : 'no keys']),
      ),
    )
    for (const { jwksFile, keySet } of issuers) {
      // Failures are logged by plugins/auth: a wrong issuer is in the log before the first token is rejected
      if (jwksFile === undefined)
        app.addHook('onListen', async () => void keySet.renew(Date.now()).catch(() => {}))
      else watchFile(app, jwksFile, keySet)
    }
  },
  { name: 'key-sets', dependencies: ['env', 'auth', 'store'] },
)
