# SPDX-License-Identifier: Apache-2.0
add_library(nc_model_testing STATIC model_full.c model_util.c)
target_link_libraries(nc_model_testing PUBLIC nc_model nc_testing)

foreach(name tables parse patch mutable render vm schema)
  nc_unit_test(model_${name} LIBS nc_model_testing)
endforeach()
foreach(name store query sealed served torture)
  nc_unit_test(model_${name} SOURCES memstore.c LIBS nc_model_testing)
endforeach()
nc_unit_test(model_observed LIBS nc_model_testing LABELS tsan)
