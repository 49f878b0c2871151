# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# The container. `make image` builds it; BASE may be any Alpine or Debian. It needs nothing
# that only BuildKit has.

ARG BASE=alpine:3.22

FROM ${BASE} AS build
WORKDIR /build
COPY packaging/install-deps packaging/
RUN packaging/install-deps build
COPY meson.build meson_options.txt ./
COPY completion completion
COPY src src
RUN meson setup out --prefix=/usr/local --buildtype=release -Dtests=disabled -Dman=disabled \
	&& meson compile -C out \
	&& meson install -C out --no-rebuild --strip --tags runtime --destdir /image \
	&& ln -s entrypoint /image/usr/local/bin/entrypoint.sh \
	&& ln -s backup /image/usr/local/bin/backup.sh

FROM ${BASE}
# What the package manager leaves behind is not for a container: lists, caches, logs.
COPY packaging/install-deps /tmp/
RUN /tmp/install-deps runtime libs \
	&& rm -rf /tmp/install-deps /var/lib/apt/lists/* /var/cache/apt/* /var/cache/apk/* \
		/var/cache/debconf/*-old /var/cache/ldconfig /var/lib/dpkg/*-old \
		/var/log/apt /var/log/*.log
COPY --from=build /image/ /

# As they change with every commit, last.
ARG VERSION=unknown
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
ARG SOURCE=
LABEL org.opencontainers.image.title="backup-container" \
	org.opencontainers.image.description="Snapshots that cost only what changed, with Swarm services stopped meanwhile" \
	org.opencontainers.image.licenses="MIT" \
	org.opencontainers.image.source="${SOURCE}" \
	org.opencontainers.image.version="${VERSION}" \
	org.opencontainers.image.revision="${REVISION}" \
	org.opencontainers.image.created="${CREATED}"

# Well while a run is in progress, and after a good one. The time at the start is for a run
# that has not begun yet; what it says then does not count.
HEALTHCHECK --interval=1m --timeout=30s --start-period=5m --retries=3 \
	CMD ["/usr/local/bin/backup", "status"]

ENTRYPOINT ["/usr/local/bin/entrypoint"]
