# SPDX-License-Identifier: Apache-2.0
foreach(name record keyfile)
  nc_fuzz(${name} LIBS nc_store)
endforeach()
# The stream of a backup: of a plugin, whose sources are compiled in.
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
set(sqlite_dir ${CMAKE_SOURCE_DIR}/plugins/store-sqlite)
set(container_sources container.c pipe.c crc32c.c error.c util.c)
list(TRANSFORM container_sources PREPEND ${sqlite_dir}/)
nc_fuzz(container SOURCES ${container_sources})
target_include_directories(fuzz_container PRIVATE ${sqlite_dir})
target_link_libraries(fuzz_container PRIVATE novacron_plugin_api PkgConfig::SQLITE)
