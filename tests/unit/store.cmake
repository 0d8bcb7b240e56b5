# SPDX-License-Identifier: Apache-2.0
add_library(nc_store_testing STATIC memstore.c store_util.c)
target_link_libraries(nc_store_testing PUBLIC nc_store nc_testing)

nc_unit_test(store_tree LIBS nc_store)
nc_unit_test(store_record LIBS nc_store)
foreach(name db cold fault damage hole torture model threads vault)
  nc_unit_test(store_${name} LIBS nc_store_testing LABELS tsan)
endforeach()
