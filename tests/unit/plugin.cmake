# SPDX-License-Identifier: Apache-2.0
# Tests of kernel/plugin. Those that load plugins use the fixture, the folder of test plugins and
# nc-plugin-host of this build.
add_library(nc_plugin_fixture STATIC ${CMAKE_CURRENT_SOURCE_DIR}/plugin_fixture.c)
target_link_libraries(nc_plugin_fixture PUBLIC nc_plugin nc_testing)
target_include_directories(nc_plugin_fixture PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
target_compile_definitions(nc_plugin_fixture PUBLIC
  NC_TEST_PLUGINS="${CMAKE_BINARY_DIR}/tests/badplugins/plugins"
  NC_TEST_HOST="$<TARGET_FILE:nc-plugin-host>")
add_dependencies(nc_plugin_fixture nc-plugin-host plugin_test_good plugin_test_exclusive)

foreach(name plugin_calls plugin_ends plugin_inst plugin_host)
  nc_unit_test(${name} LIBS nc_plugin_fixture LABELS tsan)
endforeach()
nc_unit_test(plugin_minors LIBS nc_plugin_fixture)
add_dependencies(test_plugin_minors plugin_test_newer_tables plugin_test_older_tables)
nc_unit_test(plugin_verify LIBS nc_plugin_fixture)
nc_unit_test(plugin_loop LIBS nc_plugin LABELS tsan)
foreach(name plugin_schema plugin_manifest plugin_wire)
  nc_unit_test(${name} LIBS nc_plugin)
endforeach()
foreach(name extra_symbol no_entry two_majors future_major)
  add_dependencies(test_plugin_verify plugin_test_${name})
endforeach()

if(TARGET plugin_store-sqlite)
  nc_unit_test(plugin_store LIBS nc_plugin_fixture)
  target_compile_definitions(test_plugin_store PRIVATE NC_TEST_STORES="${NC_PLUGIN_OUTPUT_DIR}")
  add_dependencies(test_plugin_store plugin_store-sqlite)
endif()

# The n-th of anything fails: see wrap_system.h. A search path with one plugin keeps a run short.
foreach(name malloc calloc realloc lstat64 fstat64 faccessat mkdir rename fsync socketpair pipe2
    eventfd epoll_create1 realpath opendir mmap64 dlopen lseek64 pread64 sendmsg posix_spawn
    posix_spawn_file_actions_adddup2 pthread_create read write recvmsg open64 fcntl64 memfd_create
    epoll_ctl syscall)
  list(APPEND NC_WRAP_SYSTEM -Wl,--wrap=${name})
endforeach()
nc_unit_test(plugin_torture SOURCES wrap_system.c LIBS nc_plugin_fixture ${NC_WRAP_SYSTEM})
set(torture ${CMAKE_CURRENT_BINARY_DIR}/torture)
add_custom_command(TARGET test_plugin_torture POST_BUILD
  COMMAND ${CMAKE_COMMAND} -E copy_directory ${CMAKE_BINARY_DIR}/tests/badplugins/plugins/good ${torture}/good)
nc_unit_test(plugin_launcher SOURCES wrap_system.c LIBS nc_plugin_fixture ${NC_WRAP_SYSTEM})
add_dependencies(test_plugin_launcher test_plugin_torture)
target_compile_definitions(test_plugin_launcher PRIVATE NC_TEST_TORTURE="${torture}")
# And a host process that something fails in.
set(host ${CMAKE_SOURCE_DIR}/host)
add_executable(faulty_host faulty_host.c wrap_system.c ${host}/main.c ${host}/probe.c
  ${host}/process_state.c ${host}/serve.c ${host}/up.c)
target_include_directories(faulty_host PRIVATE ${host})
target_link_libraries(faulty_host PRIVATE nc_plugin_rt ${NC_WRAP_SYSTEM})
set_target_properties(faulty_host PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
add_dependencies(test_plugin_torture faulty_host)
target_compile_definitions(test_plugin_torture PRIVATE NC_TEST_TORTURE="${torture}"
  NC_TEST_FAULTY_HOST="$<TARGET_FILE:faulty_host>")
set_tests_properties(unit.plugin_torture PROPERTIES TIMEOUT 3600 COST 80)
