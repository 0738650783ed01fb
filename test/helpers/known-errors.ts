import { type ErrorDefinition, httpErrors } from '../../src/errors/catalogue.ts'
import { tokenErrors } from '../../src/plugins/auth/errors.ts'
import { guardErrors } from '../../src/plugins/guards/errors.ts'
import { storeErrors } from '../../src/plugins/store/errors.ts'
import { apiErrors } from '../../src/web/api.ts' // part: web-app
import { loginErrors } from '../../src/web/login/errors.ts' // part: web-app

/** Every error of the service by its name. */
export const knownErrors = {
  ...tokenErrors,
  ...guardErrors,
  ...storeErrors,
  // part: web-app
  ...loginErrors,
  ...apiErrors,
  // end
  ...httpErrors,
} satisfies Record<string, ErrorDefinition>
