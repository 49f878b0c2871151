# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# Shortcuts. Meson does the work; see `make help`.

.DEFAULT_GOAL := all
.PHONY: all setup run test asan tsan soak lab bench lint format image install clean help
.PHONY: deps-build deps-run deps-test deps-lab deps-lint
.NOTPARALLEL:

prefix ?= /usr/local

all: setup ## build into build/ (the default)
	meson compile -C build

setup: deps-build build/build.ninja ## install what is missing and configure build/

build/build.ninja:
	meson setup build --prefix='$(prefix)'

# A real backup, of this checkout unless told otherwise:
#   make run BACKUP_SRC=/etc BACKUP_DEST=/mnt/backups
# The default destination lies inside the default source, so it has to be excluded.
BACKUP_SRC ?= $(CURDIR)
BACKUP_DEST ?= $(CURDIR)/build/demo
LOG_FILE ?= $(CURDIR)/build/backup.log
ifeq ($(BACKUP_SRC),$(CURDIR))
EXCLUDE ?= /build/,/build-*/
SCALE ?= off
run: export EXCLUDE := $(EXCLUDE)
run: export SCALE := $(SCALE)
endif
run: export BACKUP_SRC := $(BACKUP_SRC)
run: export BACKUP_DEST := $(BACKUP_DEST)
run: export LOG_FILE := $(LOG_FILE)
run: deps-run all ## make a real backup (BACKUP_SRC=, BACKUP_DEST=) and list the snapshots
	mkdir -p "$$BACKUP_DEST"
	build/backup run
	build/backup list

test: deps-test build/tests-enabled ## build and run all tests (STRICT=1: a skip is a failure)
	tools/run-tests build --no-suite lab

# `make` alone does not ask for what only the tests need.
build/tests-enabled: | build/build.ninja
	meson configure build -Dtests=enabled
	@touch $@

asan: deps-test build-asan/build.ninja ## the same with AddressSanitizer and UBSan
	tools/run-tests build-asan --no-suite lab

build-asan/build.ninja:
	meson setup build-asan --native-file packaging/build-dev.ini -Dtests=enabled

tsan: deps-test build-tsan/build.ninja ## the native engine under ThreadSanitizer
	meson compile -C build-tsan backup
	BACKUP='$(CURDIR)/build-tsan/backup' tests/tsan

build-tsan/build.ninja:
	meson setup build-tsan -Db_sanitize=thread -Db_lundef=false -Dtests=disabled

# Hours of what `make test` does for seconds.
SOAK ?= 0
soak: deps-test build/tests-enabled ## random histories, races, kills until ^C (SOAK=minutes)
	meson compile -C build
	BACKUP='$(CURDIR)/build/backup' FAULT_SHIM='$(CURDIR)/build/tests/inject.so' \
		tests/soak '$(SOAK)'

lab: deps-lab build/tests-enabled ## tests on real Docker Engines of their own, as root
	TMPDIR=$${TMPDIR:-/tmp} tools/run-tests build --suite lab # mounts as engines have them

# One part of it: make bench BENCH_OPTIONS='--only unchanged-*'
bench: deps-run deps-test build/tests-enabled all ## measure against rsync and others, as root (QUICK=1: two to three minutes)
	meson compile -C build bench
	bench/run build $(if $(filter-out 0,$(QUICK)),--quick) $(BENCH_OPTIONS)

lint: deps-lint ## gcc and clang without a warning, clang-tidy, cppcheck, shellcheck, ...
	tools/lint

format: deps-lint ## lay out the C sources
	tools/lint --fix format

# Of another system's packages: make image BASE=debian:stable-slim
BASE ?= alpine:3.22
IMAGE ?= backup-container
SOURCE ?=
IMAGE_OPTIONS ?=
VERSION = $(shell sed -n "s/^  version: '\(.*\)',/\1/p" meson.build)
image: ## build the container's image (BASE=, IMAGE=, SOURCE=, IMAGE_OPTIONS=)
	docker build --build-arg BASE='$(BASE)' --build-arg VERSION='$(VERSION)' \
		--build-arg REVISION="$$(git rev-parse HEAD 2>/dev/null || echo unknown)" \
		--build-arg CREATED="$$(date -u +%Y-%m-%dT%H:%M:%SZ)" \
		--build-arg SOURCE='$(SOURCE)' --tag '$(IMAGE)' $(IMAGE_OPTIONS) .

install: all ## install (DESTDIR=, prefix=)
	meson configure build -Dprefix='$(prefix)'
	DESTDIR='$(DESTDIR)' meson install -C build

clean: ## remove every build directory, the demonstration backup included
	rm -rf build build-*/

deps-build:
	@packaging/install-deps build
deps-run:
	@packaging/install-deps build runtime
deps-test:
	@packaging/install-deps build runtime test
deps-lab:
	@packaging/install-deps build runtime test lab
deps-lint:
	@packaging/install-deps build test lint

help: ## show this
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 12
