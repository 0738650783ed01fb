/** A minimal browser: keeps cookies by origin, follows redirects and submits forms. */
export class WebBrowser {
  readonly #jars = new Map<string, Map<string, string>>()
  /** Addresses of the last navigation, in order. */
  trail: URL[] = []
  /** The last response. */
  page = { url: new URL('about:blank'), status: 0, headers: new Headers(), text: '' }

  /** Cookies that the browser sends to the address. */
  cookies(url: string): Map<string, string> {
    const { origin } = new URL(url)
    const jar = this.#jars.get(origin) ?? new Map()
    this.#jars.set(origin, jar)
    return jar
  }

  /** Requests one address without following redirects. */
  async visit(url: string | URL, init: RequestInit = {}): Promise<typeof this.page> {
    const address = new URL(url)
    const jar = this.cookies(address.href)
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(address, {
      ...init,
      redirect: 'manual',
      headers: { accept: 'text/html', ...(cookie ? { cookie } : {}), ...init.headers },
    })
    for (const line of response.headers.getSetCookie()) keep(jar, line)
    this.page = {
      url: address,
      status: response.status,
      headers: response.headers,
      text: await response.text(),
    }
    return this.page
  }

  /** Requests an address and follows redirects, up to the first address that `until` matches; that one is not requested. */
  async open(
    url: string | URL,
    init: RequestInit = {},
    until: (url: URL) => boolean = () => false,
  ): Promise<typeof this.page> {
    this.trail = [new URL(url)]
    await this.visit(url, init)
    for (let location = this.#location; location; location = this.#location) {
      this.trail.push(location)
      if (this.trail.length > 20) throw new Error(`redirect loop: ${this.trail.join(' ')}`)
      if (until(location)) break
      await this.visit(location)
    }
    return this.page
  }

  /** Fills in and submits the form of the page. */
  async submit(fields: Record<string, string>, until?: (url: URL) => boolean): Promise<typeof this.page> {
    const action = /<form method="post" action="([^"]*)"/.exec(this.page.text)?.[1]
    if (action === undefined) throw new Error(`no form at ${this.page.url}: ${this.page.text}`)
    const init = { method: 'POST', body: new URLSearchParams(fields) }
    return this.open(new URL(action, this.page.url), init, until)
  }

  get #location(): URL | undefined {
    const location = this.page.headers.get('location')
    return location === null ? undefined : new URL(location, this.page.url)
  }
}

function keep(jar: Map<string, string>, setCookie: string): void {
  const [pair = '', ...attributes] = setCookie.split(';')
  const [name = '', value = ''] = pair.split('=')
  const isDeleted = attributes.some((attribute) => /^ *(max-age=0|expires=Thu, 01 Jan 1970)/i.test(attribute))
  if (value && !isDeleted) jar.set(name, value)
  else jar.delete(name)
}
