# syntax=docker/dockerfile:1

# ---- Build -------------------------------------------------------------------------------------
FROM rust:1-bookworm AS build
WORKDIR /build

# libpq, SQLite and the cryptography are compiled from source by the crates themselves. Only TLS to
# PostgreSQL links the system's OpenSSL; the builder image may or may not have its headers.
# Debian takes old versions away, so a pinned one would not build tomorrow.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libssl-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*

COPY Cargo.toml Cargo.lock ./
COPY src ./src
COPY migrations ./migrations
COPY programmes ./programmes
COPY data ./data
# Not built, but Cargo.toml names targets in them.
COPY tests ./tests
COPY benches ./benches

# The caches stay outside the image, so the program is copied out of them.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    cargo build --locked --release --features postgres-tls --bin facit \
    && cp target/release/facit /usr/local/bin/facit

# ---- Run ---------------------------------------------------------------------------------------
FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="Facit" \
      org.opencontainers.image.licenses="Apache-2.0"

# libssl3 and certificates for TLS to PostgreSQL, curl for the health check.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl libssl3 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --system --gid 10001 facit \
    && useradd --system --uid 10001 --gid facit --home-dir /data --no-create-home --shell /usr/sbin/nologin facit \
    && install -d -o facit -g facit -m 0700 /data

COPY --from=build /usr/local/bin/facit /usr/local/bin/facit
COPY programmes /usr/share/facit/programmes
COPY LICENSE /usr/share/doc/facit/LICENSE

# By number, so that whoever runs the image can see that it is not root.
USER 10001:10001
WORKDIR /data
VOLUME /data

# Without a DATABASE_URL of its own the container keeps a SQLite file on its volume.
ENV FACIT_LISTEN=0.0.0.0:8080 \
    DATABASE_URL=sqlite:/data/facit.db
# Prometheus reads metrics on 9090 once FACIT_METRICS_LISTEN=0.0.0.0:9090 is set.
EXPOSE 8080 9090
# `serve` ends gracefully on SIGTERM; requests under way have up to 20 seconds.
STOPSIGNAL SIGTERM

# /readyz asks the database, /livez would not.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["curl", "--fail", "--silent", "--show-error", "--max-time", "4", "--output", "/dev/null", "http://127.0.0.1:8080/readyz"]

ENTRYPOINT ["facit"]
CMD ["serve"]
