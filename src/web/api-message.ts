import { STATUS_CODES } from 'node:http'
import type { Config } from '../config/index.ts'
import { readText } from '../http/fetch-json.ts'
import { parseChallenge, type RequiredLogin } from './login/step-up.ts'

export const TIMEOUT_MS = 4_000

export interface ApiCall {
  /** Default: `GET`. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Sent as JSON. */
  readonly body?: object
}

/** Address of the API that the web app calls. */
export function apiAddress({ API_SERVER_URL, BASE_URL }: Config): string {
  return API_SERVER_URL ?? BASE_URL
}

/** Sends a request to the API. Redirects are errors, because the token is for this address only. */
export function fetchApi(
  url: string,
  token: string | undefined,
  { method = 'GET', body }: ApiCall = {},
): Promise<Response> {
  return fetch(url, {
    method,
    signal: AbortSignal.timeout(TIMEOUT_MS),
    redirect: 'error',
    headers: {
      accept: 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  })
}

/** Contents of the code box of a page. */
export interface Box {
  readonly caption: string
  readonly code: string
}

export interface Message {
  readonly box: Box
  /** Reason why the box shows a sentence instead of the response, for the log. */
  readonly error?: unknown
  /** Login that the API requires for the message. */
  readonly required?: RequiredLogin | undefined
}

/**
 * Fetches a message and formats the response, also an error response. Never throws: if the API is down, slow or does not
 * answer with JSON, the box says so.
 */
export async function fetchMessage(url: string, token?: string): Promise<Message> {
  const caption = `GET ${new URL(url).pathname}`
  try {
    const response = await fetchApi(url, token)
    const { status } = response
    const captionWithStatus = `${caption}: ${status} ${STATUS_CODES[status] ?? ''}`.trimEnd()
    const required = parseChallenge(response.headers.get('www-authenticate') ?? '')
    return { box: { caption: captionWithStatus, code: prettyPrint(await readText(response)) }, required }
  } catch (error) {
    const code =
      error instanceof SyntaxError ? 'The API did not answer with JSON.' : 'The API cannot be reached.'
    return { box: { caption, code }, error }
  }
}

function prettyPrint(json: string): string {
  return JSON.stringify(JSON.parse(json), null, 2)
}
