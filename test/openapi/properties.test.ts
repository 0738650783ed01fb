import fc from 'fast-check'
import t, { type Test } from 'tap'
import { bearer, listen } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'
import { type GeneratedRequest, requestsOf } from './arbitraries.ts'
import { DocumentChecker, type OpenApi, type Operation } from './document.ts'

/** Claims that pass every guard of the document. */
function grantsOf({ paths }: OpenApi) {
  const operations = Object.values(paths).flatMap((operations) => Object.values(operations))
  const requirements = operations.flatMap(({ security = [] }) => security)
  const names = [...new Set(requirements.flatMap((requirement) => Object.values(requirement).flat()))]
  return { scope: names.join(' '), permissions: names }
}

async function start(t: Test) {
  const issuer = await TestIssuer.start(t)
  const app = await listen(t, issuer, { environment: { RATE_LIMIT_MAX: '1000000' } })
  const document = (await (await fetch(`${app.url}/openapi.json`)).json()) as OpenApi
  const tokens: Record<GeneratedRequest['token'], Record<string, string>> = {
    none: {},
    invalid: bearer(await issuer.sign({ exp: 1 })),
    plain: bearer(await issuer.sign()),
    full: bearer(await issuer.sign({ ...grantsOf(document), sub: 'caller' })),
  }
  const send = async (
    method: string,
    path: string,
    { params, query, token, mediaType, body }: GeneratedRequest,
  ) => {
    const url = new URL(
      path.replace(/\{(\w+)\}/g, (_, name) => params[name] as string),
      app.url,
    )
    url.search = new URLSearchParams(query).toString()
    const headers = { ...tokens[token], ...(mediaType === undefined ? {} : { 'content-type': mediaType }) }
    return fetch(url, { method, headers, ...(body === undefined ? {} : { body }) })
  }
  // Users with the first IDs, so that the caller is not deleted, which would revoke the token
  for (const sub of ['a', 'b', 'c', 'd'])
    await fetch(`${app.url}/api/users/me`, { headers: bearer(await issuer.sign({ sub })) })
  for (const [path, operations] of Object.entries(document.paths)) {
    const body = exampleOf(new DocumentChecker(document), operations.post)
    // Three of each, so that lists have pages
    for (const number of [1, 2, 3]) {
      if (body)
        await send(
          'POST',
          path,
          jsonRequest({ ...body, ...('subject' in body && { subject: `auth0|${number}` }) }),
        )
    }
  }
  return { document, send }
}

function jsonRequest(value: object): GeneratedRequest {
  const body = JSON.stringify(value)
  return { params: { id: '1' }, query: {}, token: 'full', mediaType: 'application/json', value, body }
}

/** Returns the body that the examples of the document make, if the operation has one. */
function exampleOf({ resolve }: DocumentChecker, operation?: Operation): Record<string, unknown> | undefined {
  const [schema] = Object.values(operation?.requestBody?.content ?? {}).map((media) => resolve(media.schema))
  const properties = Object.entries(schema?.properties ?? {}).flatMap(([name, property]) => {
    const [example] = property.examples ?? property.enum ?? []
    return example === undefined ? [] : [[name, example]]
  })
  return schema && Object.fromEntries(properties)
}

/** Tells whether the document allows the parameters and the body. */
function isAllowed(checker: DocumentChecker, operation: Operation, request: GeneratedRequest): boolean {
  const { parameters = [], requestBody } = operation
  const texts: Record<string, string> = { ...request.query, ...request.params }
  const isValid = parameters.every(
    ({ name, schema }) => texts[name] === undefined || checker.allowsText(schema, texts[name]),
  )
  if (!isValid || requestBody === undefined) return isValid
  const media = requestBody.content[request.mediaType ?? '']
  return media !== undefined && request.value !== undefined && checker.allows(media.schema, request.value)
}

t.test('every answer of the service is in its OpenAPI document', async (t) => {
  const { document, send } = await start(t)
  const checker = new DocumentChecker(document)
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const statuses = new Set<number>()
      const property = fc.asyncProperty(requestsOf(operation, checker.resolve), async (request) => {
        const response = await send(method.toUpperCase(), path, request)
        const { status } = response
        statuses.add(status)
        const faults = await checker.faultsOf(operation, response)
        if (faults.length > 0) throw new Error(`${status} is not as documented: ${faults.join(', ')}`)
        if (request.token !== 'full') return
        const isRejected = [400, 413, 415].includes(status) || (status === 404 && 'id' in request.params)
        if (isAllowed(checker, operation, request)) {
          if (isRejected && status !== 404) throw new Error(`${status} for a request that is allowed`)
        } else if (!isRejected) throw new Error(`${status} for a request that is forbidden`)
      })
      await t.resolves(fc.assert(property, { numRuns: 40 }), operation.operationId)
      t.ok(
        [...statuses].some((status) => status < 300),
        `${operation.operationId}: ${[...statuses]}`,
      )
    }
  }
})

t.test('the examples of request bodies are accepted', async (t) => {
  const { document, send } = await start(t)
  const checker = new DocumentChecker(document)
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const body = exampleOf(checker, operation)
      if (body === undefined) continue
      t.ok(Object.keys(body).length > 1, operation.operationId)
      t.ok((await send(method.toUpperCase(), path, jsonRequest(body))).ok, operation.operationId)
    }
  }
})

t.test('the comparison finds what a document lacks', async (t) => {
  const { document, send } = await start(t)
  const operation = document.paths['/api/users']?.get as Operation
  const checker = new DocumentChecker(document)
  const faults = async (changes: object, token: GeneratedRequest['token'] = 'full') => {
    const request = {
      params: {},
      query: { limit: '1' },
      token,
      mediaType: undefined,
      value: undefined,
      body: undefined,
    }
    const [status, response] = Object.entries(operation.responses)[token === 'full' ? 0 : 2] ?? []
    const responses = { [`${status}`]: { ...response, ...changes } }
    return checker.faultsOf({ ...operation, responses }, await send('GET', '/api/users', request))
  }
  t.strictSame(await faults({}), [])
  t.strictSame(await faults({}, 'none'), [])
  t.strictSame(await checker.faultsOf({ ...operation, responses: {} }, new Response()), ['status 200'])
  t.match(await faults({ headers: {} }), [/^header link: /])
  t.strictSame(await faults({ content: { 'text/plain': {} } }), ['media type application/json'])
  t.match(await faults({ content: { 'application/json': { schema: { type: 'object' } } } }), [/^body \[/])
  t.match(await faults({ content: undefined }), [/^a body: \[/])
  const content = { 'application/json': { schema: {}, examples: {} } }
  t.strictSame(await faults({ content }, 'none'), ['code missing_token'])
})
