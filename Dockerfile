# greeting-local for CI, and for the other containers of a network: docs/ci.md, "In a container".
# Only the three programs are in the image: no shell, no libc, no certificates. None are needed: what
# greeting-local serves has a certificate of its own development CA, and what it calls outside (a real
# tenant's keys, with --tenant) needs the system's, mounted at /etc/ssl/certs/ca-certificates.crt.
FROM rust:1.95-alpine AS programs
ARG TARGETARCH
WORKDIR /source
COPY . .
# Alpine's C library is musl, for which Rust links statically. A folder for each architecture, as the
# release workflow gives this stage: --build-context programs=FOLDER.
RUN cargo build --locked --profile dist --features greeting-cli/secret-service \
      --bin greeting-server --bin greeting-cli --bin greeting-local \
    && mkdir "/$TARGETARCH" \
    && mv target/dist/greeting-server target/dist/greeting-cli target/dist/greeting-local "/$TARGETARCH/"

# An empty image has no command that makes a folder.
FROM scratch AS folders
WORKDIR /state
WORKDIR /certificates

FROM scratch
ARG TARGETARCH
COPY --from=programs /$TARGETARCH/ /bin/
# Written by the user below. A volume that is mounted for the first time takes the folder's owner.
COPY --from=folders --chown=65532:65532 /state /state
COPY --from=folders --chown=65532:65532 /certificates /certificates
ENV HOME=/state XDG_STATE_HOME=/state
USER 65532:65532
EXPOSE 7071 7443
HEALTHCHECK --interval=2s --timeout=10s --start-period=30s --retries=5 CMD ["/bin/greeting-local", "health"]
ENTRYPOINT ["/bin/greeting-local"]
