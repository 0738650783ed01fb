/** Stops the boot with a message that tells the operator or developer everything; the stack would add nothing. */
export class BootError extends Error {
  override name = 'BootError'
}
