# SPDX-License-Identifier: Apache-2.0
include(${CMAKE_CURRENT_LIST_DIR}/state.inc)
nc_unit_test(event_codec LIBS nc_event nc_store_testing)
nc_unit_test(event_sub LIBS nc_event nc_store_testing LABELS tsan)
