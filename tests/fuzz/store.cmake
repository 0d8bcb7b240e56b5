# SPDX-License-Identifier: Apache-2.0
nc_fuzz(record LIBS nc_store)
