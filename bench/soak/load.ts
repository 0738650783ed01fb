import type { ChildProcess } from 'node:child_process'
import type { JWK } from 'jose'
import type { Children } from './children.ts'
import type { PhaseResult } from './phase.ts'

export type Command = { id: number } & (
  | { name: 'useKey'; key: JWK }
  | { name: 'withdrawKey'; kid: string }
  | { name: 'inventKeys'; isOn: boolean }
  | { name: 'nextPhase' }
)

export interface Reply {
  id: number
  result: unknown
}

type Order = Command extends infer C ? (C extends { id: number } ? Omit<C, 'id'> : never) : never

/** Controls the process of the callers, which start with their first key. */
export class Load {
  readonly #process: ChildProcess
  #orders = 0

  constructor(children: Children, url: string, issuer: string, rate: number) {
    this.#process = children.fork(
      `${import.meta.dirname}/load-process.ts`,
      [url, issuer, String(rate)],
      'load',
    )
  }

  async tell(order: Order): Promise<void> {
    await this.#send(order)
  }

  /** Ends the phase and returns its result. */
  async nextPhase(): Promise<PhaseResult> {
    return (await this.#send({ name: 'nextPhase' })) as PhaseResult
  }

  async #send(order: Order): Promise<unknown> {
    if (!this.#process.connected) throw new Error('the process of the callers has ended; its log says why')
    const id = ++this.#orders
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const onExit = () => reject(new Error('the process of the callers has ended; its log says why'))
    const onMessage = (reply: Reply) => {
      if (reply.id !== id) return
      this.#process.off('message', onMessage).off('exit', onExit)
      resolve(reply.result)
    }
    this.#process.on('message', onMessage).once('exit', onExit)
    this.#process.send({ id, ...order })
    return promise
  }
}
