# SPDX-License-Identifier: Apache-2.0
# Tests of kernel/plugin. Those that load plugins use the fixture, the folder of test plugins and
# nc-plugin-host of this build.
add_library(nc_plugin_fixture STATIC ${CMAKE_CURRENT_SOURCE_DIR}/plugin_fixture.c)
target_link_libraries(nc_plugin_fixture PUBLIC nc_plugin nc_testing)
target_include_directories(nc_plugin_fixture PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
target_compile_definitions(nc_plugin_fixture PUBLIC
  NC_TEST_PLUGINS="${CMAKE_BINARY_DIR}/tests/badplugins/plugins"
  NC_TEST_HOST="$<TARGET_FILE:nc-plugin-host>")
add_dependencies(nc_plugin_fixture nc-plugin-host plugin_test_good)

foreach(name plugin_calls plugin_host)
  nc_unit_test(${name} LIBS nc_plugin_fixture LABELS tsan)
endforeach()
nc_unit_test(plugin_verify LIBS nc_plugin_fixture)
nc_unit_test(plugin_loop LIBS nc_plugin LABELS tsan)
foreach(name plugin_schema plugin_manifest plugin_wire)
  nc_unit_test(${name} LIBS nc_plugin)
endforeach()
foreach(name extra_symbol no_entry two_majors future_major)
  add_dependencies(test_plugin_verify plugin_test_${name})
endforeach()
