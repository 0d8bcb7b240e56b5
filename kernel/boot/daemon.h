/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_BOOT_DAEMON_H
#define NC_BOOT_DAEMON_H

#include "boot/component.h"
#include "config/reload.h"
#include "novacron/abi.h"
#include "plugin/launcher.h"

/* The daemon: everything that is alive, and the table of how it comes to be. */
typedef struct nc_daemon nc_daemon;

/* cfg and launcher are borrowed. launcher may be NULL. */
nc_code nc_daemon_new(nc_config_holder *cfg, nc_launcher *launcher, nc_daemon **ret, nc_error *err);
/* All four phases; when it returns NC_OK the daemon serves. Otherwise as nc_runner_start. */
nc_code nc_daemon_start(nc_daemon *d, nc_boot_unwanted *is_unwanted, nc_error *err);
/* Drain: no new requests, running ones get their answer, operations are detached. */
void nc_daemon_stop(nc_daemon *d);
/* After a stop, or a start that failed: a thread hangs in a driver's call. Nothing may be freed, the
 * process must end with _exit. */
int nc_daemon_is_held(const nc_daemon *d);
void nc_daemon_free(nc_daemon *d);
/* SIGHUP and the API: the old snapshot stays on any error. `json` (may be NULL) gets what was
 * applied per key. */
nc_code nc_daemon_reload(nc_daemon *d, nc_buf *json, nc_error *err);

#endif
