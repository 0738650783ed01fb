import type { Parse } from './parse.ts'

/** An environment variable. */
export interface Variable<T = unknown> {
  kind: 'required' | 'optional' | 'defaulted'
  parse: Parse<T>
  description: string
  fallback?: string
  /** Whether the value is or contains a secret. It may then be in a file, which `NAME_FILE` names. */
  isSecret?: true
}

export function required<T>(parse: Parse<T>, description: string) {
  return { kind: 'required', parse, description } as const
}

export function optional<T>(parse: Parse<T>, description: string) {
  return { kind: 'optional', parse, description } as const
}

export function defaulted<T>(parse: Parse<T>, fallback: string, description: string) {
  return { kind: 'defaulted', parse, description, fallback } as const
}

export function secret<V extends Variable>(variable: V) {
  return { ...variable, isSecret: true } as const
}
