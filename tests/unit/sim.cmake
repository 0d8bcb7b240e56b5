# SPDX-License-Identifier: Apache-2.0
function(nc_sim_test name)
  nc_unit_test(${name} ${ARGN})
  target_include_directories(test_${name} PRIVATE ${CMAKE_SOURCE_DIR}/plugins
    ${CMAKE_SOURCE_DIR}/sdk/c/conformance)
endfunction()
nc_sim_test(sim_parts LIBS sim_core)
nc_sim_test(sim_fate LIBS sim_core)
nc_sim_test(sim_truth SOURCES sim_stage.c LIBS sim_core nc_conformance)
nc_sim_test(sim_minors SOURCES sim_stage.c LIBS sim_core nc_conformance)
nc_sim_test(sim SOURCES sim_stage.c LIBS sim_core nc_conformance)
nc_sim_test(sim_threads SOURCES sim_stage.c LIBS sim_core nc_conformance LABELS tsan)
nc_sim_test(sim_torture SOURCES wrap_alloc.c LIBS sim_core ${NC_WRAP_ALLOC})
