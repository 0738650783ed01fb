import { STATUS_CODES } from 'node:http'
import { readText } from '../http/fetch-json.ts'

export const TIMEOUT_MS = 4_000

/** What a page shows in its box of code. */
export interface Box {
  readonly caption: string
  readonly code: string
}

export interface Message {
  readonly box: Box
  /** Why there is nothing but a sentence to show: for the log. */
  readonly error?: unknown
}

/**
 * What the API answers, refusals included, for people to look at. Never throws: an API that is down, slow or speaks no
 * JSON is a sentence.
 */
export async function fetchMessage(url: string, token?: string): Promise<Message> {
  const caption = `GET ${new URL(url).pathname}`
  try {
    const response = await fetch(url, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: 'error', // the token is for this address
      headers: {
        accept: 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
    })
    const { status } = response
    const answered = `${caption}: ${status} ${STATUS_CODES[status] ?? ''}`.trimEnd()
    return { box: { caption: answered, code: prettyPrint(await readText(response)) } }
  } catch (error) {
    const code =
      error instanceof SyntaxError ? 'The API did not answer with JSON.' : 'The API cannot be reached.'
    return { box: { caption, code }, error }
  }
}

function prettyPrint(json: string): string {
  return JSON.stringify(JSON.parse(json), null, 2)
}
