import type { Registry } from 'prom-client'
import { addReadCounter, addReadGauge, PREFIX } from './registry.ts'

/** Verifier of DPoP proofs, which counts for itself. */
export interface ProofState {
  readonly outcomes: Readonly<Record<string, number>>
  readonly replays: { readonly size: number; readonly isShared: boolean }
}

/** @param proofs null while DPoP is disabled: the metrics have no series then */
export function addProofMetrics(registry: Registry, proofs: ProofState | null): void {
  const read =
    <Sample>(samples: (proofs: ProofState) => Sample[]) =>
    () =>
      proofs ? samples(proofs) : []
  addReadCounter(
    registry,
    { name: `${PREFIX}dpop_proofs_total`, help: 'DPoP proofs by outcome', labelNames: ['outcome'] },
    read(({ outcomes }) =>
      Object.entries(outcomes).map(([outcome, value]) => ({ labels: { outcome }, value })),
    ),
  )
  addReadGauge(
    registry,
    { name: `${PREFIX}dpop_replay_entries`, help: 'DPoP proofs in the memory of this process' },
    read(({ replays }) => [{ labels: {}, value: replays.size }]),
  )
  addReadGauge(
    registry,
    {
      name: `${PREFIX}dpop_replay_store`,
      help: '1 for the store that remembers DPoP proofs: shared by the replicas, or the own one of this process',
      labelNames: ['state'],
    },
    read(({ replays: { isShared } }) => [
      { labels: { state: 'shared' }, value: Number(isShared) },
      { labels: { state: 'own' }, value: Number(!isShared) },
    ]),
  )
}
