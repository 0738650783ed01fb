/**
 * Waits for the work up to a limit. The work itself goes on: its result is only no longer waited for.
 *
 * @param onTimeout makes the error that is thrown at the limit
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
