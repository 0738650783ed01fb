import { ServiceError } from '../errors/catalogue.ts'

/** Messages of a form that was rejected, by field. */
export interface FormFaults {
  readonly [field: string]: string | undefined
  /** Message about the form as a whole. */
  readonly form?: string
}

/**
 * Converts an error of the API that the user can correct into messages beside the fields.
 *
 * @param messages by field
 * @throws the error if it concerns no field and is not a conflict
 */
export function toFaults(
  error: unknown,
  messages: Readonly<Record<string, string>>,
): { readonly statusCode: number; readonly faults: FormFaults } {
  if (!(error instanceof ServiceError)) throw error
  const { statusCode, message, validation = [] } = error
  if (statusCode === 409) return { statusCode, faults: { form: `${message}.` } }
  const faults = validation.flatMap(({ field }) =>
    messages[field] === undefined ? [] : [[field, messages[field]]],
  )
  if (faults.length === 0) throw error
  return { statusCode, faults: Object.fromEntries(faults) }
}
