# The Holdfast worker and CLI: `docker build -t holdfast .`
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --include=dev --no-audit --no-fund
COPY . .
# What the package asks its users to bring stays; as a development dependency of its own it would be pruned.
RUN npm run build \
 && npm pkg delete $(node -p "Object.keys(require('./package.json').peerDependencies).map((name) => 'devDependencies.' + name).join(' ')") \
 && npm prune --omit=dev

FROM node:24-bookworm-slim
ENV NODE_ENV=production HOLDFAST_HOME=/data
WORKDIR /project
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates tini \
 && rm -rf /var/lib/apt/lists/* \
 && mkdir /data \
 && chown node:node /data
COPY --from=build --chown=root:root /app/package.json /app/
COPY --from=build --chown=root:root /app/node_modules /app/node_modules
COPY --from=build --chown=root:root /app/dist /app/dist
COPY --from=build --chown=root:root /app/agents /app/agents
USER node
VOLUME /data
# A process that reaps and passes signals on: node as process 1 would do neither.
ENTRYPOINT ["tini", "--", "node", "/app/dist/apps/cli/main.js"]
CMD ["worker"]
