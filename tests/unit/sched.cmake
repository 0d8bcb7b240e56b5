# SPDX-License-Identifier: Apache-2.0
include(${CMAKE_CURRENT_LIST_DIR}/state.inc)
add_library(nc_sched_testing STATIC sched_world.c)
target_link_libraries(nc_sched_testing PUBLIC nc_sched nc_state_testing)
foreach(name place claim group move)
  nc_unit_test(sched_${name} LIBS nc_sched_testing)
endforeach()
nc_unit_test(sched_random LIBS nc_sched_testing LABELS tsan)
