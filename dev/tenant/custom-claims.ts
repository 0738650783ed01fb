import type { Account } from 'oidc-provider'
import { errors } from 'oidc-provider'
import type { Organization, Settings } from './settings.ts'
import type { State } from './state.ts'

/** Custom claims by template, and the organization of a login. Both are in ID tokens and in access tokens. */
export class CustomClaims {
  readonly #templates: Settings['claims']
  readonly #organizations: Organization[]
  readonly #state: State

  constructor({ claims, organizations }: Settings, state: State) {
    this.#templates = claims
    this.#organizations = organizations
    this.#state = state
  }

  get names(): string[] {
    return ['org_id', 'org_name', ...Object.keys(this.#templates)]
  }

  /** Claims of the account in a login with the grant. */
  of({ user }: Account, grantId: string | undefined): Record<string, unknown> {
    const organization = this.#state.get<Organization>(`organization of ${grantId}`)
    const { password: _, ...rest } = user
    const values = { user: rest, organization }
    const claims = Object.entries(this.#templates).map(([name, template]) => [name, fill(template, values)])
    const { id, name } = organization ?? {}
    return { ...Object.fromEntries(claims), ...(organization && { org_id: id, org_name: name }) }
  }

  /**
   * Remembers the organization that a login asks for, by id or name.
   *
   * @throws {AccessDenied} when the user is not a member
   */
  remember({ user }: Account, named: string, grantId: string): void {
    const organization = this.#organizations.find(({ id, name }) => id === named || name === named)
    if (!organization || !user.organizations.includes(organization.id)) {
      throw new errors.AccessDenied(`user is not a member of the organization: ${named}`)
    }
    this.#state.set(`organization of ${grantId}`, organization)
  }
}

/** Replaces `{{path}}`. A template that is one path alone keeps the type of its value. */
function fill(template: string, values: object): unknown {
  const [, alone] = /^\{\{([\w.]+)\}\}$/.exec(template) ?? []
  if (alone) return valueAt(values, alone)
  return template.replace(/\{\{([\w.]+)\}\}/g, (_, path: string) => String(valueAt(values, path) ?? ''))
}

function valueAt(values: unknown, path: string): unknown {
  return path.split('.').reduce((value, name) => {
    return value !== null && typeof value === 'object' && Object.hasOwn(value, name)
      ? value[name as keyof object]
      : undefined
  }, values)
}
