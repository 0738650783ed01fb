import fc from 'fast-check'
import type { MediaTypes, Operation, Schema } from './document.ts'

/** A request that the document may allow or forbid. */
export interface GeneratedRequest {
  readonly params: Record<string, string>
  readonly query: Record<string, string>
  readonly token: 'none' | 'invalid' | 'plain' | 'full'
  readonly mediaType: string | undefined
  /** Value before it is encoded; undefined without a body. */
  readonly value: unknown
  readonly body: string | Buffer | undefined
}

const ids = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 4 }).map(String) },
  fc.constantFrom('0', '01', '-1', '1.0', '1e0', 'abc', '%20', '9007199254740992', 'null'),
)

const texts = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => text.trim()),
  fc.constantFrom('', 'a'.repeat(1000), 'a'.repeat(1001), 'a\0', 'a\ud800', '2026-11-21', '2026-02-30'),
)

const anything = fc.oneof(texts, fc.integer(), fc.boolean(), fc.constantFrom(null, [], {}, ['a'], { a: 1 }))

/** Values that the schema of a property is likely to allow. */
function valueFor({ type, format, enum: choices }: Schema): fc.Arbitrary<unknown> {
  if (choices) return fc.constantFrom(...choices)
  if (type === 'integer') return fc.integer()
  if (type === 'boolean') return fc.boolean()
  if (format === 'date-time') return fc.constantFrom('2026-11-21T10:00:00Z', '2024-02-29T00:00:00.5+01:00')
  if (format === 'date') return fc.constantFrom('2026-11-21', '2024-02-29', '0001-01-01')
  return fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).map((text) => text.trim() || 'a')
}

function objectOf({ properties = {}, required = [], oneOf = [{}] }: Schema): fc.Arbitrary<unknown> {
  const fields = Object.entries(properties).map(([name, schema]) => [name, valueFor(schema)] as const)
  const alternatives = oneOf.flatMap(({ required: own = [] }) => own)
  const records = oneOf.map(({ required: own = [], properties = {} }) => {
    const forbidden = [...alternatives.filter((name) => !own.includes(name)), ...Object.keys(properties)]
    const chosen = fields.filter(([name]) => !forbidden.includes(name))
    return fc.record(Object.fromEntries(chosen), { requiredKeys: [...required, ...own] })
  })
  const allowed = fc.oneof(...records)
  const names = fc.constantFrom(...Object.keys(properties), 'titel', 'a b', 'access_token')
  const changes = fc.dictionary(names, anything, { maxKeys: 2 })
  const changed = fc.tuple(allowed, changes).map(([value, change]) => ({ ...(value as object), ...change }))
  const extended = allowed.map((value) => ({ ...(value as object), titel: 'a' }))
  return fc.oneof({ weight: 3, arbitrary: allowed }, { weight: 2, arbitrary: changed }, extended, anything)
}

type Body = Pick<GeneratedRequest, 'mediaType' | 'value' | 'body'>

const malformed: fc.Arbitrary<Body> = fc
  .tuple(
    fc.constantFrom(
      'application/json',
      'application/json; charset=utf-16',
      'text/plain',
      'nonsense',
      undefined,
    ),
    fc.constantFrom<[unknown, string | Buffer]>(
      [undefined, '{"title":'],
      [undefined, Buffer.from('{"title":"é"}', 'latin1')],
      [undefined, `"${'x'.repeat(65_536)}"`],
    ),
  )
  .map(([mediaType, [value, body]]) => ({ mediaType, value, body }))

const absent: fc.Arbitrary<Body> = fc
  .constantFrom('application/json', 'text/plain', undefined)
  .map((mediaType) => ({ mediaType, value: undefined, body: undefined }))

function bodyOf(content: MediaTypes | undefined, resolve: (schema: Schema) => Schema): fc.Arbitrary<Body> {
  if (content === undefined) return absent
  const encoded = Object.entries(content).map(([mediaType, { schema }]) =>
    objectOf(resolve(schema)).map((value) => ({ mediaType, ...encode(mediaType, value) })),
  )
  return fc.oneof({ weight: 6, arbitrary: fc.oneof(...encoded) }, malformed, absent)
}

/** Forms have only text, so that is what their value becomes. */
function encode(mediaType: string, value: unknown): Omit<Body, 'mediaType'> {
  if (mediaType === 'application/json') return { value, body: JSON.stringify(value) }
  const fields = Object.entries(Object(value)).map(([name, field]): [string, string] => [
    name,
    String(field).toWellFormed(),
  ])
  const form = new URLSearchParams(fields).toString()
  return form === ''
    ? { value: undefined, body: undefined }
    : { value: Object.fromEntries(fields), body: form }
}

/** Requests of an operation. */
export function requestsOf(operation: Operation, resolve: (schema: Schema) => Schema) {
  const { parameters = [], requestBody } = operation
  const of = (place: string) =>
    parameters.filter((parameter) => parameter.in === place).map(({ name }) => name)
  const numbers = fc.oneof(
    fc.integer({ min: -1, max: 101 }).map(String),
    fc.constantFrom('1', '2'),
    fc.constantFrom('', '0x10', '+5', '05', 'x', '1e999', '-0'),
  )
  const queries = of('query').map((name) => [name, numbers] as const)
  return fc
    .tuple(
      fc.record(Object.fromEntries(of('path').map((name) => [name, ids]))),
      fc.record(Object.fromEntries(queries), { requiredKeys: [] }),
      fc.constantFrom('none', 'invalid', 'plain', 'full', 'full', 'full', 'full'),
      bodyOf(requestBody?.content, resolve),
    )
    .map(([params, query, token, body]) => ({ params, query, token, ...body }) as GeneratedRequest)
}
