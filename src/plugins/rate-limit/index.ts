import fp from 'fastify-plugin'

/** Limits how many requests somebody may send, when it is asked for. */
export default fp(
  async (app) => {
    const max = app.config.RATE_LIMIT_MAX
    if (max === 0) return
    const { limitRequests } = await import('./limit-requests.ts') // costs time at start, so only here
    await limitRequests(app, max)
  },
  // after guards, whose hook puts the verification in place, and after what refuses without knowing the caller
  { name: 'rate-limit', dependencies: ['env', 'guards', 'readiness'] },
)
