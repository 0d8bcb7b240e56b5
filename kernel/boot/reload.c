/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A new configuration: what has to work before it counts, which part of the daemon hears of what, and
 * the answer per key. One at a time: the holder refuses a second. Any thread.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "boot/daemon_internal.h"
#include "boot/notify.h"
#include "boot/settings.h"

/* Another log file is opened before the configuration that names it counts. */
static nc_code prepare(
	void *ctx, const nc_config *now, const nc_config *next, const char **ret_key, nc_error *err)
{
	(void)ctx;
	*ret_key = "logging.file";
	if (!strcmp(now->logging.file, next->logging.file) &&
		now->logging.format == next->logging.format)
		return NC_OK;
	return nc_settings_log(next, err);
}

static void apply(void *ctx, const nc_config *cfg)
{
	nc_daemon *d = ctx;
	nc_ops_options ops = nc_settings_ops(cfg);
	nc_flow_settings flow = nc_settings_flow(cfg);
	nc_sched_options sched = nc_settings_sched(cfg);

	nc_log_set_level((nc_log_level)cfg->logging.level);
	nc_ops_configure(d->ops, &ops);
	nc_flow_configure(d->flow, &flow);
	nc_sched_configure(d->sched, &sched);
}

void nc_daemon_heed_config(nc_daemon *d)
{
	nc_config_holder_serve(d->holder, &(nc_config_user){ prepare, apply, d });
}

nc_code nc_daemon_reload(nc_daemon *d, nc_buf *json, nc_error *err)
{
	nc_config_change changes[128];
	_cleanup_(nc_freep) nc_config_report *report = nc_calloc(1, sizeof(*report));
	size_t n = 0;

	if (!report)
		return nc_err_nomem(err);
	nc_notify("RELOADING=1");
	nc_code rc = nc_config_holder_reload(d->holder, changes, NC_LEN(changes), &n, report, err);
	if (rc != NC_OK)
		nc_log(L_ERROR, "config.reload.failed", F_ERR(err),
			F_STR("consequence", "keeping the configuration as it was"));
	nc_notify("READY=1");
	if (rc == NC_OK && json) {
		nc_buf_puts(json, "{\"keys\":");
		nc_config_diff_json(changes, NC_MIN(n, NC_LEN(changes)), json);
		nc_buf_putc(json, '}');
	}
	if (rc == NC_OK)
		nc_log(L_INFO, "config.reloaded", F_U64("changed", n));
	return rc;
}
