/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_BOOT_DAEMON_INTERNAL_H
#define NC_BOOT_DAEMON_INTERNAL_H

/* What daemon.c and reload.c share. Nobody else includes it. */

#include <pthread.h>

#include "api/api.h"
#include "boot/component.h"
#include "boot/daemon.h"

struct nc_daemon {
	nc_config_holder *holder;
	const nc_config *cfg; /* as it was at start: what needs a restart is read from here */
	nc_launcher *launcher;
	nc_runner *runner;
	int64_t t0_us;

	nc_plugins *plugins;
	nc_pinst *store;
	nc_db *db;
	nc_vault *vault;
	nc_observed *observed;
	nc_sched *sched;
	nc_events *events;
	nc_flow *flow;
	nc_ops *ops;
	nc_api *api;
	nc_http_server *http;

	/* Who hears of what became durable. hook_lock guards is_heard: the sequencer runs before
	 * its listeners are there and after they are gone. */
	pthread_mutex_t hook_lock;
	int is_heard;
};

/* ---- reload.c ---- */
/* From now on the daemon's parts get what a reload brings. */
void nc_daemon_heed_config(nc_daemon *d);

#endif
