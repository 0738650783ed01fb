# By digest, so that a build is repeatable (24.18.0); .github/dependabot.yml keeps it current. Another base by build argument
ARG NODE_IMAGE=docker.io/library/node:24-bookworm-slim@sha256:6f7b03f7c2c8e2e784dcf9295400527b9b1270fd37b7e9a7285cf83b6951452d

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
COPY tools tools
RUN npm ci --omit=dev --ignore-scripts

FROM ${NODE_IMAGE}
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 NODE_COMPILE_CACHE=/app/.compile-cache
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json ./
COPY tools/node tools/node
COPY src src
# Writable: the folder of SQLite, a volume, so that the rest can be read-only, and the compile cache below
RUN mkdir data .compile-cache && chown node:node data .compile-cache
# The user node, by number, so that an orchestrator with runAsNonRoot can see that it is not root
USER 1000:1000
# A start and graceful stop with each kind of database and all optional modules fills the compile cache, so that later
# starts neither compile nor write. The cache belongs to the user who filled it
RUN for database in file::memory: postgres://127.0.0.1:1/none; do \
      AUTH0_DOMAIN=warm-up.invalid AUTH0_AUDIENCE=warm-up PORT=0 LOG_LEVEL=error DATABASE_URL=$database \
      METRICS_PORT=9464 OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1 \
      RATE_LIMIT_MAX=1 REDIS_URL=redis://127.0.0.1:1 \
      # part: web-app
      AUTH0_CLIENT_ID=warm-up AUTH0_CLIENT_SECRET=warm-up SESSION_SECRET=warm-up-warm-up-warm-up-warm-up- \
      # end
      timeout --preserve-status 5 node src/server.ts || exit 1; \
    done
VOLUME /app/data
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# src/server.ts handles signals, so node may be process 1. No inspector on a signal; a small young generation saves 25 MB
# and costs no throughput
CMD ["node", "--disable-sigusr1", "--max-semi-space-size=4", "src/server.ts"]
