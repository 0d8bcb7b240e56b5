# SPDX-License-Identifier: Apache-2.0
# The fabricated objects are those of the unit tests.
nc_fuzz(model SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/model_full.c LIBS nc_model)
target_include_directories(fuzz_model PRIVATE ${CMAKE_SOURCE_DIR}/tests/unit)
nc_fuzz(query LIBS nc_model)
