/** A protected resource (RFC 9728): the routes below a path, and the audiences of their tokens. */
export interface Resource {
  /** `/`, or segments without a trailing slash. */
  readonly path: string
  /** Accepted values of `aud`, of which one suffices. */
  readonly audiences: readonly string[]
}

/** Path of the resource of all routes that no declared resource has. Its audiences are those of the issuers. */
export const ROOT = '/'

/** Segments of unreserved characters (RFC 3986, section 2.3), so that the path has one spelling. */
const PATH = /^(\/[\w.~-]+)+$/

/** The declared resources of an application. */
export class Resources {
  readonly #declared: Resource[] = []

  /** @throws {TypeError} if the path is declared already, is not plain segments, or no token could be accepted */
  declare(resource: Resource): void {
    const { path, audiences } = resource
    if (!PATH.test(path) || /\/\.{1,2}(\/|$)/.test(path))
      throw new TypeError(`the path of a protected resource is like /reports, not ${path}`)
    if (this.#declared.some((other) => other.path === path))
      throw new TypeError(`the protected resource ${path} is declared twice`)
    if (audiences.length === 0 || audiences.includes(''))
      throw new TypeError(`the protected resource ${path} needs the audiences that it accepts`)
    this.#declared.push(resource)
    this.#declared.sort((a, b) => b.path.length - a.path.length)
  }

  /**
   * Returns the path of the resource that a route belongs to: the longest one that is the beginning of its path, in whole
   * segments.
   *
   * @param route path of a route, such as `/reports/:id`
   */
  pathOf(route: string): string {
    const resource = this.#declared.find(({ path }) => route === path || route.startsWith(`${path}/`))
    return resource?.path ?? ROOT
  }

  /** Returns the paths of the declared resources that accept one of the audiences. */
  accepting(audiences: readonly unknown[]): string[] {
    const accepts = (resource: Resource) =>
      resource.audiences.some((audience) => audiences.includes(audience))
    return this.#declared.filter(accepts).map(({ path }) => path)
  }
}
