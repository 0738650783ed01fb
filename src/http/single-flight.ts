/** Runs one call per key at a time. Concurrent callers share its result. */
export class SingleFlight<T> {
  readonly #running = new Map<string, Promise<T>>()

  /** @param call receives a function that returns whether its key has been forgotten since it started */
  run(key: string, call: (isForgotten: () => boolean) => Promise<T>): Promise<T> {
    const running = this.#running.get(key)
    if (running) return running
    const isForgotten = () => this.#running.get(key) !== started
    const started: Promise<T> = call(isForgotten).finally(() => {
      if (!isForgotten()) this.#running.delete(key)
    })
    this.#running.set(key, started)
    return started
  }

  isRunning(key: string): boolean {
    return this.#running.has(key)
  }

  /** Makes the next caller start another call, even while one is running. */
  forget(key: string): void {
    this.#running.delete(key)
  }
}
