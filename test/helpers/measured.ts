import type { Test } from 'tap'
import { type BuildOptions, bearer, listen } from './app.ts'
import { freePort } from './free-port.ts'
import { TestIssuer } from './issuer.ts'
import { Scrape } from './metrics.ts'

/** Starts the service with metrics enabled. */
export async function startMeasured(t: Test, options: BuildOptions = {}) {
  const issuer = await TestIssuer.start(t)
  const port = await freePort()
  const environment = { METRICS_PORT: String(port), ...options.environment }
  const app = await listen(t, issuer, { ...options, environment })
  const get = async (path: string, token?: string, init: RequestInit = {}) => {
    const headers = { ...(token === undefined ? {} : bearer(token)), ...init.headers }
    const response = await fetch(`${app.url}${path}`, { ...init, headers })
    await response.text()
    return response.status
  }
  return { issuer, app, port, get, scrape: () => Scrape.of(port) }
}
