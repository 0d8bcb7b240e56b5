# SPDX-License-Identifier: Apache-2.0
nc_fuzz(config LIBS nc_config)
