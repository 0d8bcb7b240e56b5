# SPDX-License-Identifier: Apache-2.0
nc_fuzzer(config LIBS nc_config)
