/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CONFIG_ENV_H
#define NC_CONFIG_ENV_H

#include "config/value.h"

/* Inside config/ only: lay the NOVACRON_ variables over what the files said. NC_OK also with
 * faults (they are in the report); NC_E_NOMEM. */
nc_code nc_config_env_apply(nc_config_loading *l, const char *const *env);
/* One key from a text as a variable, or the table's default, writes it. Same returns. */
nc_code nc_config_text_apply(nc_config_loading *l, const nc_config_key *k, const char *text);

#endif
