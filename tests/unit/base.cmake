# SPDX-License-Identifier: Apache-2.0
foreach(name account alloc arena base64 buf cleanup clock cron zone err hash io json jsonw map nummap utf8)
  nc_unit_test(${name} LIBS nc_base)
endforeach()
foreach(name id log metric pool qsbr queue)
  nc_unit_test(${name} LIBS nc_base LABELS tsan)
endforeach()
nc_unit_test(secret LIBS nc_base PkgConfig::CRYPTO) # its allocations fail too
