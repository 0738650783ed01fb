/** Runs one call per key at a time; callers that come meanwhile share its result. */
export class SingleFlight<T> {
  readonly #running = new Map<string, Promise<T>>()

  run(key: string, call: () => Promise<T>): Promise<T> {
    const running = this.#running.get(key)
    if (running) return running
    const started = call().finally(() => {
      if (this.#running.get(key) === started) this.#running.delete(key)
    })
    this.#running.set(key, started)
    return started
  }

  isRunning(key: string): boolean {
    return this.#running.has(key)
  }

  /** Lets the next caller start a call of its own. */
  forget(key: string): void {
    this.#running.delete(key)
  }
}
