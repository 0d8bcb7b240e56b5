# SPDX-License-Identifier: Apache-2.0
set(NC_WRAP_ALLOC -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup)
nc_unit_test(sdk_plug LIBS novacron_sdk)
nc_unit_test(sdk_msg SOURCES wrap_alloc.c LIBS novacron_sdk PkgConfig::JANSSON ${NC_WRAP_ALLOC})
target_compile_definitions(test_sdk_msg PRIVATE NC_SCHEMAS="${CMAKE_SOURCE_DIR}/plugin-api/schemas")
