# SPDX-License-Identifier: Apache-2.0
include(${CMAKE_CURRENT_LIST_DIR}/state.inc)
nc_unit_test(flow_aging LIBS nc_flow nc_state_testing)
nc_unit_test(flow_sweep LIBS nc_flow nc_state_testing)
