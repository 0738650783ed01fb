import type { Accounts } from './accounts.ts'

const minimumPasswordLength = 8

export interface Credentials {
  email: string
  password: string
}

/** Messages by field. */
export function signUpProblems(accounts: Accounts, { email, password }: Credentials) {
  const problems: Partial<Credentials> = {}
  if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)) {
    problems.email = 'Enter an email address like name@example.com.'
  } else if (accounts.has(email)) {
    problems.email = 'There is an account with this email address. Log in instead.'
  }
  if (password.length < minimumPasswordLength) {
    problems.password = `Choose a password of at least ${minimumPasswordLength} characters.`
  }
  return problems
}
