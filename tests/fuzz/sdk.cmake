# SPDX-License-Identifier: Apache-2.0
nc_fuzz(sdk_msg LIBS novacron_sdk)
