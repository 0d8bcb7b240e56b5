# SPDX-License-Identifier: Apache-2.0
nc_unit_test(gate LIBS nc_op)
