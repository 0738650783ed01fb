import { isSet } from './secret-files.ts'
import type { Values } from './variables.ts'

/** Finds faults that concern several variables. */
export function findRelationFaults(texts: NodeJS.ProcessEnv, config: Values): string[] {
  return [...portFaults(config), ...bindingFaults(texts, config)]
}

function portFaults({ HOST, PORT, METRICS_HOST = HOST, METRICS_PORT }: Partial<Values>): string[] {
  const isShared =
    METRICS_PORT !== undefined && METRICS_PORT !== 0 && METRICS_PORT === PORT && METRICS_HOST === HOST
  return isShared ? ['METRICS_PORT is wrong: expected another port than PORT'] : []
}

const nonceSecrets = [
  'DPOP_NONCE_SECRET',
  'SESSION_SECRET', // part: web-app
]

/** A nonce or a certificate would be accepted by one replica only, or from any caller. */
function bindingFaults(texts: NodeJS.ProcessEnv, config: Partial<Values>): string[] {
  const { DPOP, DPOP_NONCE, TRUST_PROXY, CLIENT_CERT_HEADER } = config
  const hasSecret = nonceSecrets.some((name) => isSet(texts, name))
  const isProxyTrusted = TRUST_PROXY !== false && TRUST_PROXY !== 0
  return [
    ...(DPOP !== 'disabled' && DPOP_NONCE === 'always' && !hasSecret
      ? [`DPOP_NONCE_SECRET is missing: DPOP_NONCE=always needs ${nonceSecrets.join(' or ')}`]
      : []),
    ...(CLIENT_CERT_HEADER !== undefined && !isProxyTrusted
      ? ['TRUST_PROXY is missing: CLIENT_CERT_HEADER is read from trusted proxies only']
      : []),
  ]
}
