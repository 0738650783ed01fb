import { define } from '../../errors/catalogue.ts'

/** Errors of tokens that do not grant enough. */
export const guardErrors = {
  insufficientScope: define('insufficient_scope', 403, "You don't have access to this resource"),
  insufficientPermissions: define('insufficient_permissions', 403, 'Permission denied'),
}
