import { AliasNode, type CompiledQuery, type Logger, type OperationNode, TableNode } from 'kysely'
import { ServiceError } from '../../errors/catalogue.ts'
import { storeErrors } from './errors.ts'

/** Finished statement. Tables and operations are those used in this folder, so they suit as metric labels. */
export interface Statement {
  /** `none` for statements such as `begin`. */
  readonly table: string
  readonly operation: 'select' | 'insert' | 'update' | 'delete' | 'other'
  readonly seconds: number
  /** `rejected` means that the database rejected the statement, for example for a missing referenced row. */
  readonly failure?: 'unavailable' | 'rejected'
}

export type StatementListener = (statement: Statement) => void

/** Adapts a listener to Kysely's log, which receives every statement on both databases. */
export function statementLogger(listener: StatementListener): Logger {
  return (event) => {
    const statement = { ...describe(event.query), seconds: event.queryDurationMillis / 1000 }
    listener(event.level === 'error' ? { ...statement, failure: failureOf(event.error) } : statement)
  }
}

function describe({ query }: CompiledQuery): Pick<Statement, 'table' | 'operation'> {
  if (query.kind === 'SelectQueryNode') return { operation: 'select', table: nameOf(query.from?.froms[0]) }
  if (query.kind === 'InsertQueryNode') return { operation: 'insert', table: nameOf(query.into) }
  if (query.kind === 'UpdateQueryNode') return { operation: 'update', table: nameOf(query.table) }
  if (query.kind === 'DeleteQueryNode') return { operation: 'delete', table: nameOf(query.from.froms[0]) }
  return { operation: 'other', table: 'none' }
}

function nameOf(node: OperationNode | undefined): string {
  if (node && AliasNode.is(node)) return nameOf(node.node)
  return node && TableNode.is(node) ? node.table.identifier.name : 'none'
}

function failureOf(error: unknown) {
  return error instanceof ServiceError && error.code === storeErrors.unavailable.code
    ? 'unavailable'
    : 'rejected'
}
