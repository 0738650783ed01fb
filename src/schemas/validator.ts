import AjvCompiler, { type BuildCompilerFromPool, type RouteDefinition } from '@fastify/ajv-compiler'

const build = AjvCompiler.default()

/**
 * Validates like Fastify, with these differences. Bodies are not coerced: the number 5 is not a valid title. Fields of a
 * body that its schema does not allow are faults instead of being removed, and `readOnly` fields are ignored. Numbers in
 * paths and queries have one spelling: `0x10`, `+5` and `05` are faults.
 */
export const buildValidator: BuildCompilerFromPool = (schemas, options) => {
  const literal = { ...options?.customOptions, coerceTypes: false, removeAdditional: false }
  const forBodies = build(schemas, { ...options, customOptions: literal } as typeof options)
  // `?limit=1e999` is parsed as Infinity. With strict numbers Ajv would not compare it with the maximum
  const read = { ...options?.customOptions, strictNumbers: false }
  const forOthers = build(schemas, { ...options, customOptions: read } as typeof options)

  // The package types the argument as a schema, but Fastify passes a route definition
  return (route) => {
    const { httpPart, schema } = route as RouteDefinition
    const properties = Object.entries((schema as ObjectSchema).properties ?? {})
    const isBody = httpPart === 'body'
    const validate = isBody ? forBodies(route) : forOthers(route)
    const prepare = isBody ? dropReadOnly(properties) : rejectOtherSpellings(properties)
    const validatePrepared = (data: unknown) => {
      if (data !== null && typeof data === 'object') prepare(data as Record<string, unknown>)
      return validate(data) || { error: validate.errors } // a result that Fastify accepts, too
    }
    return validatePrepared as unknown as typeof validate
  }
}

interface ObjectSchema {
  properties?: Record<string, { type?: string; readOnly?: boolean }>
}

type Properties = [name: string, schema: { type?: string; readOnly?: boolean }][]

type Prepare = (data: Record<string, unknown>) => void

function dropReadOnly(properties: Properties): Prepare {
  const names = properties.flatMap(([name, { readOnly }]) => (readOnly ? name : []))
  return (data) => {
    for (const name of names) delete data[name]
  }
}

/** Replaces text that Ajv would convert although it is not written as a decimal number. */
function rejectOtherSpellings(properties: Properties): Prepare {
  const numbers = properties.flatMap(([name, { type = '' }]) => {
    const spelling = spellings[type]
    return spelling ? [[name, spelling] as const] : []
  })
  return (data) => {
    for (const [name, spelling] of numbers) {
      const value = data[name]
      if (typeof value === 'string' && !spelling.test(value)) data[name] = ''
    }
  }
}

const spellings: Record<string, RegExp | undefined> = {
  integer: /^(?:0|-?[1-9]\d*)$/,
  number: /^-?\d+(?:\.\d+)?$/,
}
