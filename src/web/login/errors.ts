import { define } from '../../errors/catalogue.ts'

/** Errors of login and logout. */
export const loginErrors = {
  denied: define('login_failed', 400, 'The identity provider denied the login'),
  unknownTransaction: define(
    'login_failed',
    400,
    'This login was started in another browser, was already completed or took too long. Please log in again.',
  ),
  failed: define('login_failed', 400, 'The login could not be completed. Please log in again.'),
  otherLevel: define(
    'login_failed',
    400,
    'The identity provider has not performed the stronger or more recent login that the page requires',
  ),
  otherOrganization: define(
    'login_failed',
    400,
    'The identity provider has not performed the login for the requested organization',
  ),
  emailNotVerified: define(
    'email_not_verified',
    403,
    'Your email address is not verified. Please verify it, then log in again.',
  ),
  crossSiteRequest: define('cross_site_request', 403, 'The request comes from another site'),
  invalidLogoutToken: define('invalid_logout_token', 400, 'The logout token is not acceptable'),
}
