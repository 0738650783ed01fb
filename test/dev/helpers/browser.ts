/** A minimal browser: keeps cookies, follows redirects inside the tenant and submits forms. */
export class Browser {
  readonly #origin: string
  readonly #cookies = new Map<string, string>()

  constructor(issuer: string) {
    this.#origin = new URL(issuer).origin
  }

  /** Target of the last redirect, if it is outside the tenant. */
  left: URL | undefined
  /** The current page: address, status, headers and text. */
  page = { url: '', status: 0, headers: new Headers(), text: '' }

  async open(url: string, init: RequestInit = {}): Promise<void> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      headers: { cookie, accept: 'text/html' },
    })
    for (const line of response.headers.getSetCookie()) this.#keep(line)
    this.page = { url, status: response.status, headers: response.headers, text: await response.text() }
    const location = response.headers.get('location')
    if (!location) return
    const next = new URL(location, url)
    if (next.origin === this.#origin) return this.open(next.href)
    this.left = next
  }

  /** Fills in and submits the form of the page. */
  async submit(fields: Record<string, string>): Promise<void> {
    const action = /<form method="post" action="([^"]*)"/.exec(this.page.text)?.[1]
    if (action === undefined) throw new Error(`no form at ${this.page.url}`)
    const url = new URL(action, this.page.url).href
    await this.open(url, { method: 'POST', body: new URLSearchParams(fields) })
  }

  /** The heading of the page. */
  get heading(): string | undefined {
    return /<h1>(.*?)<\/h1>/.exec(this.page.text)?.[1]
  }

  #keep(setCookie: string): void {
    const [pair = ''] = setCookie.split(';')
    const [name = '', value = ''] = pair.split('=')
    if (value) this.#cookies.set(name, value)
    else this.#cookies.delete(name)
  }
}
