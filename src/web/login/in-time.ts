import { issuerUnavailable } from './outage.ts'

/** What a browser waits for an issuer at most. */
const PATIENCE_MS = 4_500

/**
 * Gives up waiting, and not what is waited for: a refresh that is under way completes, or its tokens would be lost.
 *
 * @throws {ServiceError} 503 when it takes too long
 */
export async function inTime<T>(work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(issuerUnavailable(`no answer in ${PATIENCE_MS} ms`)), PATIENCE_MS)
  try {
    return await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}
