# SPDX-License-Identifier: Apache-2.0
foreach(name jwt password)
  nc_unit_test(auth_${name} LIBS nc_auth)
endforeach()
nc_unit_test(auth_wycheproof LIBS nc_auth)
target_compile_definitions(test_auth_wycheproof PRIVATE NC_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
