# SPDX-License-Identifier: Apache-2.0
# The words of the product's documents, over CMake and scripts/. What builds is CMakeLists.txt.
NOVACRON ?= build/release/bin/novacron
# What db-* act on: the daemon of scripts/up where there is one, else what novacron finds itself.
CONFIG ?= $(wildcard .run/config.yaml)
ARGS ?=

.PHONY: core-build core-serve core-test test test-integration test-performance test-chaos \
	db-migrate db-rollback db-reset

core-build:
	cmake --preset release
	cmake --build build/release

core-serve:
	./scripts/up

core-test:
	./scripts/test --quick

test:
	./scripts/test

test-integration:
	cmake --preset asan
	cmake --build build/asan
	ctest --test-dir build/asan -L '^scenario$$' --output-on-failure --no-tests=error

test-performance:
	./scripts/bench kernel

test-chaos:
	cmake --preset asan
	cmake --build build/asan
	ctest --test-dir build/asan -L '^fault$$' --output-on-failure --no-tests=error

# Each asks before it takes anything away (ARGS=--yes: it is meant); the daemon must be down.
db-migrate db-rollback db-reset: $(NOVACRON)
	$(NOVACRON) state $(@:db-%=%) $(addprefix --config ,$(CONFIG)) $(ARGS)

$(NOVACRON):
	$(MAKE) core-build
