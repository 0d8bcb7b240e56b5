# SPDX-License-Identifier: Apache-2.0
# The runner over tables of its own, and the whole daemon in one process with the SQLite store.
nc_unit_test(boot_runner LIBS nc_boot -Wl,--wrap=pthread_create LABELS tsan)
nc_unit_test(boot_daemon LIBS nc_boot -Wl,--wrap=pthread_create LABELS tsan)
target_compile_definitions(test_boot_daemon PRIVATE NC_TEST_PLUGINS="${NC_PLUGIN_OUTPUT_DIR}")
add_dependencies(test_boot_daemon plugin_store-sqlite nc-plugin-host)
