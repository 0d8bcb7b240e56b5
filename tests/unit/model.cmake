# SPDX-License-Identifier: Apache-2.0
add_library(nc_model_testing STATIC model_util.c)
target_link_libraries(nc_model_testing PUBLIC nc_model nc_testing)

foreach(name tables parse patch render vm schema)
  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/test_model_${name}.c)
  nc_unit_test(model_${name} LIBS nc_model_testing)
  endif()
endforeach()
