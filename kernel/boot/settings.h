/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_BOOT_SETTINGS_H
#define NC_BOOT_SETTINGS_H

/* From the configuration to what each room takes: one function a room, no state. */

#include <sys/types.h>

#include "boot/component.h"
#include "config/config.h"
#include "flow/flow.h"
#include "plugin/launcher.h"

#define NC_ALLOW_MAX 128

nc_boot_limits nc_settings_boot(const nc_config *c);
nc_ops_options nc_settings_ops(const nc_config *c);
nc_flow_settings nc_settings_flow(const nc_config *c);
nc_sched_options nc_settings_sched(const nc_config *c);
/* The store's plugin is always allowed, in process; `allow` is the caller's storage. */
void nc_settings_plugins(const nc_config *c, nc_launcher *launcher, nc_plugin_allow *allow,
	size_t cap, nc_plugins_options *ret);
nc_code nc_settings_store(const nc_config *c, nc_buf *json, nc_error *err);
nc_code nc_settings_log(const nc_config *c, nc_error *err); /* where lines go */
gid_t nc_settings_group(const nc_config *c); /* of the socket; (gid_t)-1 = leave it */
/* What must be there from the first start: the project "default". */
nc_code nc_settings_seed(nc_db *db, nc_error *err);
/* nc-plugin-host beside this binary, or where it is installed. Static storage. */
const char *nc_settings_host_binary(void);

#endif
