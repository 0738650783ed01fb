import { setTimeout as delay } from 'node:timers/promises'

/** The parts of a response that decide about a retry. */
interface Answer {
  status: number
  body: string
  retryAfter: string | null | undefined
}

/**
 * Repeats a request while the service is overloaded. This may happen on a busy machine, where client, issuer and service
 * share a process, and it is not what is tested.
 */
export async function patiently<T extends Answer>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    const answer = await ask()
    if (answer.status !== 503 || !answer.body.includes('"code":"overloaded"')) return answer
    await delay(Number(answer.retryAfter) * 1000)
  }
}

export function patientFetch(url: string, init: RequestInit = {}) {
  return patiently(async () => {
    const response = await fetch(url, init)
    const body = await response.text()
    return { status: response.status, body, retryAfter: response.headers.get('retry-after') }
  })
}
