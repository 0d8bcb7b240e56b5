# SPDX-License-Identifier: Apache-2.0
include(${CMAKE_CURRENT_LIST_DIR}/state.inc)
add_library(nc_op_testing STATIC op_world.c)
target_link_libraries(nc_op_testing PUBLIC nc_op nc_state_testing)
foreach(name begin steps recover gate torture)
  nc_unit_test(op_${name} LIBS nc_op_testing LABELS tsan)
endforeach()
