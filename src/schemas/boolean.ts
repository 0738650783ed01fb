/** Reads a boolean claim. Some issuers (Amazon Cognito) send the text `true` or `false`. */
export function toBoolean(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value
  return value === 'true' ? true : value === 'false' ? false : undefined
}
