import type { Test } from 'tap'

/** Moves the wall clock of this process, and restores it after the test. */
export function moveClock(t: Test) {
  const realNow = Date.now
  t.teardown(() => {
    Date.now = realNow
  })
  return {
    set: (offsetMs: number) => {
      Date.now = () => realNow() + offsetMs
    },
    stopAt: (ms: number) => {
      Date.now = () => ms
    },
  }
}
