# SPDX-License-Identifier: Apache-2.0
foreach(name json jsonw time cur cron zone text)
  nc_fuzz(${name} LIBS nc_base)
endforeach()
