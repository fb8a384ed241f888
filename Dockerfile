# syntax=docker/dockerfile:1
# Written without a Docker engine at hand, and not built yet: expect to mend a line at the first `docker build .`
# The steps are those of .ci/web and README; only what they read is copied, so that a change elsewhere builds nothing.

# The pages, which the binary embeds.
FROM node:24-bookworm-slim AS pages
WORKDIR /src/web
COPY src/web/package.json src/web/package-lock.json ./
RUN --mount=type=cache,target=/npm npm ci --cache /npm --no-audit --no-fund
COPY src/web ./
RUN npm run build

# rust-version of Cargo.toml. It has the C compiler that SQLite and ring are built with.
FROM rust:1.95-bookworm AS build
WORKDIR /build
# The workspace is read as a whole, so the other member has to be there.
COPY Cargo.toml Cargo.lock ./
COPY loadtest loadtest
COPY sql sql
COPY src src
COPY --from=pages /src/web/dist src/web/dist
# Dependencies stay in the caches; the binary leaves them in the same step, since a cache is in no layer. Our own
# files become new for cargo, which goes by their time: a checkout can be older than what the cache was built from.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/build/target,sharing=locked \
    find src sql loadtest -type f -exec touch {} + \
    && cargo build --release --locked --bin switchboard \
    && install -D --mode=0755 target/release/switchboard /out/switchboard

FROM debian:bookworm-slim
# To trust the certificates of Redis and Postgres.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    # Embedded, the data is here: mount a volume. With REDIS_URL and DATABASE_URL nothing is written anywhere.
    && install -d --owner=65532 --group=65532 --mode=0700 /data
COPY --from=build /out/switchboard /usr/local/bin/switchboard
LABEL org.opencontainers.image.title="switchboard" \
      org.opencontainers.image.description="Live-chat relay: unmodified Socket.IO clients on stateless pods, no sticky sessions" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
ENV DATA_DIR=/data
# By number: Kubernetes cannot tell from a name that it is not root. k8s/base/deployment.yaml has the same.
USER 65532:65532
# LISTEN and METRICS_LISTEN; keep the second one off the public network.
EXPOSE 3001 9464
# No HEALTHCHECK: whoever runs it asks /livez and /readyz. The binary is process 1 and takes SIGTERM itself.
ENTRYPOINT ["/usr/local/bin/switchboard"]
