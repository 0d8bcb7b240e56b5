# SPDX-License-Identifier: Apache-2.0
foreach(name schema load env)
  nc_unit_test(config_${name} LIBS nc_config)
endforeach()
nc_unit_test(config_reload LIBS nc_config LABELS tsan)
