/** Variables that set the address. Without `host` the address is fixed. */
interface AddressVariables {
  readonly port: string
  readonly host?: string
}

/** Explains why an address cannot be listened on, with the variable that helps. */
export function explainListenError(
  error: NodeJS.ErrnoException,
  { host, port }: { readonly host: string; readonly port: number },
  variables: AddressVariables,
): string {
  if (error.code === 'EADDRINUSE') return `port ${port} is in use: set ${variables.port}`
  if (error.code === 'EACCES') return `port ${port} requires privileges: set ${variables.port}`
  const remedy = variables.host === undefined ? '' : `: set ${variables.host}`
  return `${host} cannot be listened on (${error.code})${remedy}`
}

/** Tells whether the error comes from listening or from the lookup of the address. */
export function isListenError(error: unknown): error is NodeJS.ErrnoException {
  return ['listen', 'getaddrinfo'].includes(String((error as NodeJS.ErrnoException).syscall))
}
