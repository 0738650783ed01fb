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
# One start and graceful stop fills the compile cache: later starts need not compile, nor write
RUN AUTH0_DOMAIN=warm-up.invalid AUTH0_AUDIENCE=warm-up PORT=0 LOG_LEVEL=warn \
    timeout --preserve-status 5 node src/server.ts
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Signals are handled in src/server.ts, so node may be process 1
CMD ["node", "src/server.ts"]
