import packageJson from '../../package.json' with { type: 'json' }

/** Name and version of the service. The name is a part of other names: of metrics, traces, Redis keys and more. */
export const { name: serviceName, version: serviceVersion } = packageJson

/** The name as a title, for pages and documents. */
export const serviceTitle = titleOf(serviceName)

/** Returns a name as a title: `Acme Orders` for `acme-orders`. */
export function titleOf(name: string): string {
  const words = name.split('-').map((word) => word.charAt(0).toUpperCase() + word.slice(1))
  return words.join(' ')
}
