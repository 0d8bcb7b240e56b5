# SPDX-License-Identifier: Apache-2.0
nc_fuzz(event LIBS nc_event)
