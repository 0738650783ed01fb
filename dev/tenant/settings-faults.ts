import type { Settings } from './settings.ts'

/** Faults between the parts of a file whose parts are valid, each with its place. */
export function findFaults(settings: Settings): string[] {
  return [
    ...duplicates(settings),
    ...faultsOfApis(settings),
    ...faultsOfApplications(settings),
    ...faultsOfUsers(settings),
    ...faultsOfClaims(settings),
  ]
}

function duplicates({ apis, applications, users, organizations }: Settings): string[] {
  const lists: Record<string, string[]> = {
    apis: apis.map(({ identifier }) => identifier),
    applications: applications.map(({ id }) => id),
    users: users.map(({ email }) => email.toLowerCase()),
    organizations: organizations.map(({ id }) => id),
  }
  return Object.entries(lists).flatMap(([list, ids]) =>
    ids.flatMap((id, index) => (ids.indexOf(id) < index ? `${list}[${index}]: ${id} is there twice` : [])),
  )
}

function faultsOfApis({ apis }: Settings): string[] {
  return apis.flatMap(({ identifier }, index) =>
    URL.canParse(identifier) && !identifier.includes('#')
      ? []
      : `apis[${index}].identifier: must be a URI without a fragment, such as https://api.example.com`,
  )
}

function faultsOfApplications({ applications }: Settings): string[] {
  return applications.flatMap((application, index) => {
    const place = `applications[${index}]`
    const lists = ['callbacks', 'logoutUrls', 'webOrigins'] as const
    const urls = lists.flatMap((list) =>
      application[list].flatMap((url, at) =>
        isUrlOrPattern(url) ? [] : `${place}.${list}[${at}]: must be a URL, which may end in /* or :*`,
      ),
    )
    const needsSecret = application.type === 'machine' && !application.secret
    const needsSecretToBind = application.tlsClientCertificateBoundAccessTokens && !application.secret
    const needsCallback = application.grants.includes('authorization_code') && !application.callbacks.length
    return [
      ...urls,
      ...(needsSecret ? [`${place}.secret: is required for a machine`] : []),
      ...(needsSecretToBind
        ? [`${place}.tlsClientCertificateBoundAccessTokens: needs a secret, as at Auth0`]
        : []),
      ...(needsCallback ? [`${place}.callbacks: must have a URL for the grant authorization_code`] : []),
    ]
  })
}

function isUrlOrPattern(url: string): boolean {
  return URL.canParse(url.replace(/:\*$/, ''))
}

function faultsOfUsers({ users, apis, organizations }: Settings): string[] {
  return users.flatMap((user, index) => {
    const place = `users[${index}]`
    const permissions = Object.entries(user.permissions).flatMap(([identifier, names]) => {
      const api = apis.find((one) => one.identifier === identifier)
      if (!api) return `${place}.permissions: ${identifier} is not the identifier of an API`
      return names
        .filter((name) => !api.permissions.includes(name))
        .map((name) => `${place}.permissions: ${identifier} has no permission ${name}`)
    })
    const unknown = user.organizations.filter((id) => !organizations.some((one) => one.id === id))
    return [
      ...permissions,
      ...unknown.map((id) => `${place}.organizations: ${id} is not the id of an organization`),
    ]
  })
}

function faultsOfClaims({ claims }: Settings): string[] {
  return Object.keys(claims).flatMap((name) =>
    /^https?:\/\/./.test(name) ? [] : `claims: ${name} must be a URL, as the claims of an Auth0 action`,
  )
}
