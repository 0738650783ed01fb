import Ajv from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

export interface Schema {
  $ref?: string
  type?: string
  format?: string
  enum?: unknown[]
  examples?: unknown[]
  properties?: Record<string, Schema & { readOnly?: boolean }>
  required?: string[]
  oneOf?: { required?: string[]; properties?: Record<string, false> }[]
}

export type MediaTypes = Record<string, { schema: Schema; examples?: Record<string, { $ref: string }> }>

export interface Operation {
  operationId: string
  parameters?: { name: string; in: string; schema: Schema }[]
  requestBody?: { content: MediaTypes }
  security?: Record<string, string[]>[]
  responses: Record<string, { headers?: Record<string, Header>; content?: MediaTypes }>
}

interface Header {
  $ref?: string
  required?: boolean
  schema?: Schema
}

export interface OpenApi {
  paths: Record<string, Record<string, Operation>>
  components: { examples: Record<string, { value: { code: string } }>; headers: Record<string, Header> }
}

type Validator = InstanceType<typeof Ajv.default>

/** Headers that a program may rely on. All others are general ones, such as those of security. */
const documentedHeaders = /^(link|location|retry-after|www-authenticate|x-.+-id|x-ratelimit-.+|allow)$/

/** Compares requests and responses with an OpenAPI document. */
export class DocumentChecker {
  readonly #document: OpenApi
  readonly #ajv = new Ajv.default({ strict: false, coerceTypes: false })
  readonly #coercing = new Ajv.default({ strict: false, coerceTypes: true })

  constructor(document: OpenApi) {
    this.#document = document
    for (const ajv of [this.#ajv, this.#coercing]) {
      addFormats.default(ajv)
      ajv.addSchema({ ...document, $id: 'https://document.test/' })
    }
  }

  /** Follows a reference to a schema. */
  resolve = (schema: Schema): Schema => {
    if (schema.$ref === undefined) return schema
    const [, ...path] = schema.$ref.split('/')
    return path.reduce(
      (node, name) => (node as Record<string, Schema>)[name] as Schema,
      this.#document as Schema,
    )
  }

  /** Tells whether the schema allows a value that a client sends: `readOnly` fields are ignored. */
  allows(schema: Schema, value: unknown): boolean {
    const { properties = {} } = this.resolve(schema)
    const isObject = value !== null && typeof value === 'object' && !Array.isArray(value)
    const fields = isObject ? Object.entries(value).filter(([name]) => !properties[name]?.readOnly) : []
    return this.#validate(this.#ajv, schema, isObject ? Object.fromEntries(fields) : value)
  }

  /** Tells whether the schema allows the text of a parameter. */
  allowsText({ type, ...schema }: Schema, text: string): boolean {
    const isDecimal = type !== 'integer' || /^(0|-?[1-9]\d*)$/.test(text)
    return (
      isDecimal &&
      this.#validate(
        this.#coercing,
        { type: 'object', properties: { text: { type, ...schema } as Schema } },
        { text },
      )
    )
  }

  /** Lists everything in the response that the document does not have. */
  async faultsOf(operation: Operation, response: Response): Promise<string[]> {
    const { status } = response
    const documented =
      operation.responses[status] ?? (status >= 400 ? operation.responses.default : undefined)
    if (documented === undefined) return [`status ${status}`]
    return [
      ...this.#headerFaults(documented.headers ?? {}, response.headers),
      ...(await this.#bodyFaults(documented.content, response)),
    ]
  }

  #headerFaults(documented: Record<string, Header>, sent: Headers): string[] {
    const names = new Map(Object.keys(documented).map((name) => [name.toLowerCase(), name]))
    const unknown = [...sent.keys()].filter((name) => documentedHeaders.test(name) && !names.has(name))
    const wrong = Object.entries(documented).filter(([name, header]) => {
      const { required = false, schema = {} } = header.$ref
        ? (this.#document.components.headers[name] as Header)
        : header
      const value = sent.get(name)
      return value === null ? required : !this.allowsText(schema, value)
    })
    return [...unknown, ...wrong.map(([name]) => name)].map((name) => `header ${name}: ${sent.get(name)}`)
  }

  async #bodyFaults(content: MediaTypes | undefined, response: Response): Promise<string[]> {
    const body = await response.text()
    const [type = ''] = (response.headers.get('content-type') ?? '').split(';')
    if (content === undefined) return body === '' ? [] : [`a body: ${body}`]
    const media = content[type]
    if (media === undefined) return [`media type ${type}`]
    const value = JSON.parse(body)
    if (!this.#validate(this.#ajv, media.schema, value)) return [`body ${body}`]
    const { examples } = media
    const codes = Object.keys(examples ?? {}).map(
      (name) => this.#document.components.examples[name]?.value.code,
    )
    return examples === undefined || codes.includes(value.code) ? [] : [`code ${value.code}`]
  }

  #validate(ajv: Validator, schema: Schema, value: unknown): boolean {
    const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"https://document.test/#/'))
    return ajv.validate(absolute, value)
  }
}
