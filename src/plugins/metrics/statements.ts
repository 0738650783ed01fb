import { Counter, type Registry } from 'prom-client'
import { addHistogram } from './histogram.ts'

interface Statement {
  readonly table: string
  readonly operation: string
  readonly seconds: number
  readonly failure?: string
}

/** @returns takes note of a statement that has ended */
export function addStoreMetrics(registry: Registry): (statement: Statement) => void {
  const observe = addHistogram(registry, {
    name: 'gatehouse_store_statement_duration_seconds',
    help: 'Time that statements took, those that failed included',
    labelNames: ['table', 'operation'],
    buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
  })
  const errors = new Counter({
    name: 'gatehouse_store_errors_total',
    help: 'Statements that failed, by why: the database was unavailable, or rejected them',
    labelNames: ['table', 'operation', 'reason'],
    registers: [registry],
  })
  return ({ table, operation, seconds, failure }) => {
    observe(seconds, table, operation)
    if (failure) errors.inc({ table, operation, reason: failure })
  }
}
