# SPDX-License-Identifier: Apache-2.0
# The words of the product's documents, over CMake and scripts/. What builds is CMakeLists.txt.
NOVACRON ?= build/release/bin/novacron

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

# These act on the store of the configuration that `novacron` finds; each asks before it destroys.
db-migrate db-rollback db-reset: $(NOVACRON)
	$(NOVACRON) state $(@:db-%=%)

$(NOVACRON):
	$(MAKE) core-build
