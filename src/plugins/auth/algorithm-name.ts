/** RFC 9864 names Ed25519 by its curve; both names mean the same signatures. */
export function algorithmName(name: string): string {
  return name === 'Ed25519' ? 'EdDSA' : name
}
