import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import scalar from '@scalar/fastify-api-reference'
import Fastify from 'fastify'
import type { Config } from '../../config/index.ts'
import { serviceTitle } from '../../http/service.ts'
import { StaticAsset } from '../../http/static-asset.ts'
import { readTheme, themeFiles } from '../../theme/index.ts'

export interface DocsPage {
  readonly html: string
  readonly contentSecurityPolicy: string
  /** Script, stylesheet, icon and fonts by their name below `/docs`, which contains a hash of the content. */
  readonly files: ReadonlyMap<string, StaticAsset>
}

/** Extracts page and script from the package, whose own plugin would copy the script for every request. */
export async function makePage(config: Config, issuers: readonly string[]): Promise<DocsPage> {
  const inside = Fastify()
  const authentication = describeLogin(config)
  const options = { ...configuration, authentication, cdn: PLACEHOLDER }
  await inside.register(scalar, { routePrefix: '/', configuration: options })
  const [page, source] = await Promise.all([inside.inject('/'), inside.inject('/js/scalar.js')])
  await inside.close()

  const files = new Map<string, StaticAsset>()
  const add = async (content: string | Buffer, extension: keyof typeof types) => {
    const file = await StaticAsset.create(content, types[extension])
    const name = `${file.hash}.${extension}`
    files.set(name, file)
    return `/docs/${name}`
  }
  const script = await add(source.body, 'js')
  const icon = await add(readFileSync(themeFiles.get('mark.svg') as string, 'utf8'), 'svg')
  const fonts = new Map<string, string>()
  for (const [name, path] of themeFiles) {
    if (name.endsWith('.woff2')) fonts.set(name, await add(readFileSync(path), 'woff2'))
  }
  const theme = readTheme((font) => fonts.get(font) as string)
  const ownStyle = readFileSync(join(import.meta.dirname, 'style.css'), 'utf8')
  const title = `:root { --service: ${JSON.stringify(serviceTitle)} }`
  const style = await add([theme, title, ownStyle.replace('mark.svg', icon)].join('\n'), 'css')

  const html = page.body
    .replace(PLACEHOLDER, script)
    .replace('<html>', '<html lang="en">')
    .replace('</head>', `${head(icon, style)}</head>`)
  return { html, contentSecurityPolicy: contentSecurityPolicy(html, issuers), files }
}

const PLACEHOLDER = '/docs/script-address'

const types = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  woff2: 'font/woff2',
}

function head(icon: string, style: string): string {
  return `
    <meta name="description" content="Read and try the API of ${serviceTitle}.">
    <meta name="color-scheme" content="light dark">
    <link rel="icon" href="${icon}" type="image/svg+xml">
    <link rel="stylesheet" href="${style}">
  `
}

const configuration = {
  url: '/openapi.json',
  pageTitle: `${serviceTitle} API`,
  theme: 'none', // style.css has the colours
  hideDarkModeToggle: true, // the preference of the system decides, as on all pages
  withDefaultFonts: false, // they would be loaded from a third party
  telemetry: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  hideClientButton: true,
  showDeveloperTools: 'never',
} as const

/** Completes the OAuth flows of the document with settings that only this page knows. */
function describeLogin({ LOGIN_AUDIENCE: audience = '', DOCS_CLIENT_ID: clientId = '' }: Config) {
  // Without `audience` Auth0 issues an opaque token that is not for the API
  const flow = { 'x-scalar-credentials-location': 'body', 'x-scalar-security-body': { audience } } as const
  const flows = {
    authorizationCode: { ...flow, 'x-usePkce': 'SHA-256', 'x-scalar-client-id': clientId },
    clientCredentials: flow,
    password: flow,
  } as const
  return { preferredSecurityScheme: 'issuer', securitySchemes: { issuer: { flows } } }
}

/** Allows the inline script by its hash. The script creates style elements, which require `unsafe-inline`. */
function contentSecurityPolicy(html: string, issuers: readonly string[]): string {
  const inline = [...html.matchAll(/<script[^>]*>([^<]+)<\/script>/g)].map(
    ([, script = '']) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`,
  )
  return [
    "default-src 'none'",
    `script-src 'self' ${inline.join(' ')}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self' data:",
    `connect-src 'self' ${issuers.map((issuer) => new URL(issuer).origin).join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}
