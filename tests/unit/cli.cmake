# SPDX-License-Identifier: Apache-2.0
foreach(name args body complete document find progress table tree units)
  nc_unit_test(cli_${name} LIBS nc_cli)
endforeach()
