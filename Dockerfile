FROM docker.io/library/node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
COPY tools tools
RUN npm ci --omit=dev --ignore-scripts

FROM docker.io/library/node:24-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 NODE_COMPILE_CACHE=/app/.compile-cache
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json ./
COPY src src
# What is written to: SQLite's place, a volume, so that the rest can be read-only; and the compile cache, below
RUN mkdir data .compile-cache && chown node:node data .compile-cache
# The user node, by number: an orchestrator that is told to run nobody as root can see that this is not root
USER 1000:1000
# A start and graceful stop with each kind of database, and everything on that may be off, fills the compile cache: later
# starts need not compile, nor write. By the same user, since each has a cache of their own
RUN for database in file::memory: postgres://127.0.0.1:1/none; do \
      AUTH0_DOMAIN=warm-up.invalid AUTH0_AUDIENCE=warm-up PORT=0 LOG_LEVEL=error DATABASE_URL=$database \
      METRICS_PORT=9464 OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1 \
      RATE_LIMIT_MAX=1 REDIS_URL=redis://127.0.0.1:1 \
      AUTH0_CLIENT_ID=warm-up AUTH0_CLIENT_SECRET=warm-up SESSION_SECRET=warm-up-warm-up-warm-up-warm-up- \
      timeout --preserve-status 5 node src/server.ts || exit 1; \
    done
VOLUME /app/data
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Signals are handled in src/server.ts, so node may be process 1
# No inspector on a signal; a small young generation saves 25 MB and costs no throughput (docs/benchmarks.md)
CMD ["node", "--disable-sigusr1", "--max-semi-space-size=4", "src/server.ts"]
