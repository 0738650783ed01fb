import { throwawayUsers } from './accounts.ts'
import { type Api, api } from './api.ts'
import type { Application } from './application.ts'
import { throwawayApplications } from './clients.ts'

/** A user of the tenant. Those of a file cannot be changed by the tenant, except for the password. */
export interface User {
  email: string
  password: string
  name?: string
  /** Assigned permissions by identifier of the API. */
  permissions: Record<string, string[]>
  roles: string[]
  /** Ids of the organizations that the user is a member of. */
  organizations: string[]
  user_metadata: Record<string, unknown>
}

export interface Organization {
  id: string
  name: string
}

/** Everything that the dashboard of a real tenant configures. */
export interface Settings {
  apis: [Api, ...Api[]]
  applications: Application[]
  users: User[]
  /** Custom claims of ID and access tokens by name. `{{user.roles}}` and the like are replaced. */
  claims: Record<string, string>
  organizations: Organization[]
}

/** The settings of a tenant without a file. */
export function throwawaySettings(baseUrl: string, audience = ''): Settings {
  const own = { ...api, identifier: audience || api.identifier }
  return {
    apis: [own],
    applications: throwawayApplications(baseUrl),
    users: throwawayUsers(own),
    claims: {},
    organizations: [],
  }
}
