/** Why a token was not accepted, in a word. Labels of a metric, so the set is closed; docs/metrics.md explains them. */
export const refusalReasons = [
  'missing',
  'malformed',
  'header',
  'issuer',
  'audience',
  'claims',
  'expired',
  'not_yet_valid',
  'unknown_key',
  'signature',
  'issuer_unavailable',
] as const

export type RefusalReason = (typeof refusalReasons)[number]
