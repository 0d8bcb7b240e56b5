# SPDX-License-Identifier: Apache-2.0
foreach(name head chunk router timer out)
  nc_unit_test(http_${name} LIBS nc_http)
endforeach()
foreach(name server tokens limits ws)
  nc_unit_test(http_${name} SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/http_client.c LIBS nc_http
    LABELS tsan)
endforeach()
nc_unit_test(http_llhttp LIBS nc_http)
nc_needs_shared_data(http_llhttp)
nc_unit_test(http_tls LIBS nc_http PkgConfig::SSL LABELS tsan
  SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/http_client.c ${CMAKE_CURRENT_SOURCE_DIR}/tls_client.c)
