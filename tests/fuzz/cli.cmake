# SPDX-License-Identifier: Apache-2.0
foreach(name cli args)
  nc_fuzz(${name} LIBS nc_cli)
endforeach()
