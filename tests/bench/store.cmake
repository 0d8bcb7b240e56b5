# SPDX-License-Identifier: Apache-2.0
add_executable(bench_kernel_store bench_store.c)
target_link_libraries(bench_kernel_store PRIVATE nc_store nc_store_testing PkgConfig::SQLITE ${CMAKE_DL_LIBS})
