# SPDX-License-Identifier: Apache-2.0
foreach(name jwt password)
  nc_unit_test(auth_${name} LIBS nc_auth)
endforeach()
nc_unit_test(auth_wycheproof LIBS nc_auth)
nc_needs_shared_data(auth_wycheproof)
