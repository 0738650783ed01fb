import { STATUS_CODES } from 'node:http'
import { readText } from '../http/fetch-json.ts'

export const TIMEOUT_MS = 4_000

/** Contents of the code box of a page. */
export interface Box {
  readonly caption: string
  readonly code: string
}

export interface Message {
  readonly box: Box
  /** Reason why the box shows a sentence instead of the response, for the log. */
  readonly error?: unknown
}

/**
 * Fetches a message and formats the response, also an error response. Never throws: if the API is down, slow or does not
 * answer with JSON, the box says so.
 */
export async function fetchMessage(url: string, token?: string): Promise<Message> {
  const caption = `GET ${new URL(url).pathname}`
  try {
    const response = await fetch(url, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: 'error', // the token is for this address only
      headers: {
        accept: 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
    })
    const { status } = response
    const captionWithStatus = `${caption}: ${status} ${STATUS_CODES[status] ?? ''}`.trimEnd()
    return { box: { caption: captionWithStatus, code: prettyPrint(await readText(response)) } }
  } catch (error) {
    const code =
      error instanceof SyntaxError ? 'The API did not answer with JSON.' : 'The API cannot be reached.'
    return { box: { caption, code }, error }
  }
}

function prettyPrint(json: string): string {
  return JSON.stringify(JSON.parse(json), null, 2)
}
