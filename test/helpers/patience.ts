import { setTimeout as delay } from 'node:timers/promises'

/** What an answer says of itself, as far as patience needs it. */
interface Answer {
  status: number
  body: string
  retryAfter: string | null | undefined
}

/**
 * Asks again when told that the service has too much to do: where client, issuer and service are one process on a busy
 * machine, that is the truth, and not what is tested.
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
