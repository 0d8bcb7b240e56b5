# SPDX-License-Identifier: Apache-2.0
include(${CMAKE_CURRENT_LIST_DIR}/state.inc)
nc_unit_test(flow_schedules LIBS nc_flow nc_state_testing LABELS tsan)
nc_unit_test(flow_acts LIBS nc_flow nc_state_testing LABELS tsan)
nc_unit_test(flow_features LIBS nc_flow)
nc_unit_test(flow_mac LIBS nc_flow)
nc_unit_test(flow_reports LIBS nc_flow)
nc_unit_test(flow_request LIBS nc_flow nc_state_testing novacron_sdk)
nc_unit_test(flow_provider_secrets LIBS nc_flow nc_plugin_fixture nc_state_testing)
