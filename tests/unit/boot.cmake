# SPDX-License-Identifier: Apache-2.0
nc_unit_test(boot_runner LIBS nc_boot)
