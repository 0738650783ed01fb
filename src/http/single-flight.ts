/** Runs one call per key at a time; callers that come meanwhile share its result. */
export class SingleFlight<T> {
  readonly #running = new Map<string, Promise<T>>()

  /** @param call gets a function that tells whether its key was forgotten since it started */
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

  /** Lets the next caller start a call of its own. */
  forget(key: string): void {
    this.#running.delete(key)
  }
}
