# SPDX-License-Identifier: Apache-2.0
foreach(name manifest schema wire pack elf)
  nc_fuzz(${name} LIBS nc_plugin_rt)
endforeach()
