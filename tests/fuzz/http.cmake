# SPDX-License-Identifier: Apache-2.0
foreach(name head chunk path server ws)
  nc_fuzz(http_${name} LIBS nc_http)
endforeach()
