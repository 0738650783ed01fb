/**
 * Waits for a promise up to a time limit. The work is not cancelled; its result is ignored.
 *
 * @param onTimeout creates the error thrown at the limit
 */
export async function withTimeout<T>(work: Promise<T>, limitMs: number, onTimeout: () => Error): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(onTimeout()), limitMs)
  try {
    return await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}
