# SPDX-License-Identifier: Apache-2.0
foreach(name schema env)
  nc_unit_test(config_${name} LIBS nc_config)
endforeach()
nc_unit_test(config_load SOURCES wrap_yaml.c LIBS nc_config)
nc_unit_test(config_reload SOURCES wrap_yaml.c LIBS nc_config LABELS tsan)
