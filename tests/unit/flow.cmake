# SPDX-License-Identifier: Apache-2.0
nc_unit_test(flow_mac LIBS nc_flow)
