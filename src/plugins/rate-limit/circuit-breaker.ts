export interface FallbackOptions<Question, Answer> {
  /** May fail. */
  readonly remote: (question: Question) => Promise<Answer>
  /** Answers in its place. */
  readonly own: (question: Question) => Promise<Answer>
  readonly onFailure: (error: Error) => void
  readonly onRecovery: () => void
}

/** After a failure nobody asks for so long, and then one alone: the others do not wait with them. */
export const PAUSE_MS = 3_000

/** Asks what is elsewhere as long as it answers, and does without it while it does not (a circuit breaker). */
export class Fallback<Question, Answer> {
  readonly #options: FallbackOptions<Question, Answer>
  #isDown = false
  #resumeAtMs = 0

  constructor(options: FallbackOptions<Question, Answer>) {
    this.#options = options
  }

  /** @param nowMs of a clock that is never set */
  async ask(question: Question, nowMs: number): Promise<Answer> {
    const isTrial = this.#isDown
    if (isTrial) {
      if (nowMs < this.#resumeAtMs) return this.#options.own(question)
      this.#resumeAtMs = nowMs + PAUSE_MS
    }
    try {
      const answer = await this.#options.remote(question)
      if (isTrial) this.#recover()
      return answer
    } catch (error) {
      this.fail(error as Error, nowMs)
      return this.#options.own(question)
    }
  }

  /** Does without it from now on; told once, however many fail. */
  fail(error: Error, nowMs: number): void {
    this.#resumeAtMs = nowMs + PAUSE_MS
    if (this.#isDown) return
    this.#isDown = true
    this.#options.onFailure(error)
  }

  #recover(): void {
    this.#isDown = false
    this.#options.onRecovery()
  }
}
