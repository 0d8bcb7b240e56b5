# SPDX-License-Identifier: Apache-2.0
if(TARGET plugin_store-sqlite)
  set(store_sqlite ${CMAKE_SOURCE_DIR}/plugins/store-sqlite)
  file(GLOB sources CONFIGURE_DEPENDS ${store_sqlite}/*.c)
  nc_unit_test(store_sqlite SOURCES ${sources} LIBS PkgConfig::SQLITE Threads::Threads)
  # embedded.h is made there.
  target_include_directories(test_store_sqlite PRIVATE ${store_sqlite}
    ${CMAKE_BINARY_DIR}/plugins/store-sqlite)
  add_dependencies(test_store_sqlite plugin_store-sqlite)
endif()
