import { define } from '../../errors/catalogue.ts'

/** Errors of tokens that do not grant enough. */
export const guardErrors = {
  insufficientScope: define('insufficient_scope', 403, "You don't have access to this resource"),
  insufficientPermissions: define('insufficient_permissions', 403, 'Permission denied'),
  insufficientRole: define('insufficient_role', 403, 'You do not have the required role'),
  insufficientClaims: define('insufficient_claims', 403, 'The claims of the token do not allow this'),
  forbidden: define('forbidden', 403, 'You are not allowed to do this'),
}
