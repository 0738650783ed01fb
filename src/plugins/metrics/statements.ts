import { Counter, Histogram, type Registry } from 'prom-client'
import { PREFIX } from './registry.ts'

interface Statement {
  readonly table: string
  readonly operation: string
  readonly seconds: number
  readonly failure?: string
}

/** @returns records a finished statement */
export function addStoreMetrics(registry: Registry): (statement: Statement) => void {
  const durations = new Histogram({
    name: `${PREFIX}store_statement_duration_seconds`,
    help: 'Duration of statements, including failed ones',
    labelNames: ['table', 'operation'],
    buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers: [registry],
  })
  const errors = new Counter({
    name: `${PREFIX}store_errors_total`,
    help: 'Failed statements by reason: the database was unavailable or rejected them',
    labelNames: ['table', 'operation', 'reason'],
    registers: [registry],
  })
  return ({ table, operation, seconds, failure }) => {
    durations.observe({ table, operation }, seconds)
    if (failure) errors.inc({ table, operation, reason: failure })
  }
}
