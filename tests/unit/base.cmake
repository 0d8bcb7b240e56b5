# SPDX-License-Identifier: Apache-2.0
foreach(name alloc arena buf cleanup clock err)
  nc_unit_test(${name} LIBS nc_base)
endforeach()
foreach(name)
  nc_unit_test(${name} LIBS nc_base LABELS tsan)
endforeach()
