# SPDX-License-Identifier: Apache-2.0
# nc_layer(base SOURCES a.c b.c [PUBLIC ...] [PRIVATE ...]): a kernel folder as a static library nc_<name>.
# Headers are included as "base/buf.h"; each must compile alone (checked by scripts/check-headers).
function(nc_layer name)
  cmake_parse_arguments(L "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(nc_${name} STATIC ${L_SOURCES})
  target_include_directories(nc_${name} PUBLIC ${CMAKE_SOURCE_DIR}/kernel)
  target_link_libraries(nc_${name} PUBLIC novacron_plugin_api ${L_PUBLIC} PRIVATE ${L_PRIVATE})
endfunction()

# nc_plugin(sim SOURCES plugin.c [LIBS ...] [FOLDER dir]): a plugin folder
# build/plugins/<name>/{manifest.json,schema.json,lib/plugin.so}; the manifest's file hashes are
# written by scripts/mkmanifest after the link. Only nc_plugin_entry_v1 is exported.
function(nc_plugin name)
  cmake_parse_arguments(P "NO_INSTALL" "OUTDIR;MANIFEST;SCHEMA" "SOURCES;LIBS" ${ARGN})
  if(NOT P_OUTDIR)
    set(P_OUTDIR ${NC_PLUGIN_OUTPUT_DIR}/${name})
  endif()
  if(NOT P_MANIFEST)
    set(P_MANIFEST ${CMAKE_CURRENT_SOURCE_DIR}/manifest.json)
  endif()
  if(NOT P_SCHEMA)
    set(P_SCHEMA ${CMAKE_CURRENT_SOURCE_DIR}/schema.json)
  endif()
  add_library(plugin_${name} MODULE ${P_SOURCES})
  set_target_properties(plugin_${name} PROPERTIES PREFIX "" OUTPUT_NAME plugin
    LIBRARY_OUTPUT_DIRECTORY ${P_OUTDIR}/lib)
  target_link_libraries(plugin_${name} PRIVATE novacron_plugin_api ${P_LIBS})
  add_custom_command(TARGET plugin_${name} POST_BUILD
    COMMAND ${CMAKE_SOURCE_DIR}/scripts/mkmanifest ${P_MANIFEST} ${P_SCHEMA} ${P_OUTDIR}
    VERBATIM)
  set_property(TARGET plugin_${name} APPEND PROPERTY LINK_DEPENDS ${P_MANIFEST} ${P_SCHEMA})
  if(NOT P_NO_INSTALL)
    # It may be the folder that this is built in: what is no plugin's stays behind.
    install(DIRECTORY ${P_OUTDIR} DESTINATION ${CMAKE_INSTALL_LIBDIR}/novacron/plugins
      COMPONENT runtime USE_SOURCE_PERMISSIONS
      FILES_MATCHING PATTERN manifest.json PATTERN schema.json PATTERN lib/plugin.so
      PATTERN CMakeFiles EXCLUDE)
  endif()
endfunction()

# nc_unit_test(buf LIBS nc_base [LABELS tsan]): tests/unit/test_buf.c as a CTest named unit.buf.
function(nc_unit_test name)
  cmake_parse_arguments(T "" "" "SOURCES;LIBS;LABELS" ${ARGN})
  add_executable(test_${name} ${CMAKE_SOURCE_DIR}/tests/unit/test_${name}.c ${T_SOURCES})
  target_link_libraries(test_${name} PRIVATE ${T_LIBS} nc_testing PkgConfig::CUNIT)
  add_test(NAME unit.${name} COMMAND test_${name})
  set_tests_properties(unit.${name} PROPERTIES LABELS "unit;${T_LABELS}" TIMEOUT 120)
endfunction()

# nc_needs_shared_data(buf): such a test reads what others wrote, lying beside the tree; where it isn't
# it says so, and counts as skipped.
function(nc_needs_shared_data name)
  target_compile_definitions(test_${name} PRIVATE NC_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  set_tests_properties(unit.${name} PROPERTIES SKIP_REGULAR_EXPRESSION "skipped: no shared data")
endfunction()

# nc_fuzzer(json LIBS nc_base): tests/fuzz/fuzz_json.c with its corpus in tests/fuzz/corpus/json.
function(nc_fuzzer name)
  cmake_parse_arguments(F "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(fuzz_${name} ${CMAKE_SOURCE_DIR}/tests/fuzz/fuzz_${name}.c ${F_SOURCES})
  target_link_libraries(fuzz_${name} PRIVATE ${F_LIBS})
  target_compile_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
endfunction()
