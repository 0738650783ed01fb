import fp from 'fastify-plugin'

/** Limits the requests of each caller if `RATE_LIMIT_MAX` is set. */
export default fp(
  async (app) => {
    const max = app.config.RATE_LIMIT_MAX
    if (max === 0) return
    const { limitRequests } = await import('./limit-requests.ts') // slow to load, so only when needed
    await limitRequests(app, max)
  },
  // Runs after guards, which decorates `verifyToken`, and after hooks that reject requests without knowing the caller
  { name: 'rate-limit', dependencies: ['env', 'guards', 'readiness', 'redis'] },
)
