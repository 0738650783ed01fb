const INTERVAL_MS = 250

/**
 * Ends this process like a signal when its parent has ended. `npm start` runs it in a shell, which does not pass signals
 * on: without this, the processes would keep their ports. On Windows, where the parent's id never changes, it has no
 * effect.
 */
export function followParent(): void {
  const { ppid } = process
  const timer = setInterval(() => {
    if (process.ppid === ppid) return
    clearInterval(timer)
    process.kill(process.pid, 'SIGTERM')
  }, INTERVAL_MS)
  timer.unref()
}
