import type { FastifyInstance } from 'fastify'
import { Sealer } from '../../crypto/sealer.ts'
import { serviceName } from '../../http/service.ts'
import { KeptKeys } from './kept-keys.ts'

/** Restores the keys of an earlier process before the service listens, and saves the keys that it fetches. */
export async function keepKeys(app: FastifyInstance, secrets: readonly string[]): Promise<void> {
  const kept = new KeptKeys({
    store: app.store,
    sealer: new Sealer(secrets, `${serviceName} key set`),
    maxStaleMs: app.config.JWKS_MAX_STALE_HOURS * 3_600_000,
    log: app.log,
  })
  const issuers = [...app.issuers.values()].filter(({ jwksFile }) => jwksFile === undefined)
  for (const issuer of issuers) {
    issuer.keySet.onRenewed = (fetchedAt) => void kept.save(issuer, fetchedAt)
  }
  app.addHook('onReady', () => kept.restore(issuers, Date.now()))
}
