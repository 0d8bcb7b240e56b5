/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CONFIG_RELOAD_H
#define NC_CONFIG_RELOAD_H

#include <stddef.h>

#include "base/buf.h"
#include "config/config.h"
#include "config/load.h"
#include "config/schema.h"
#include "novacron/abi.h"

/* One key whose value differs, and what it takes for the new value to count. */
typedef struct nc_config_change {
	const nc_config_key *key;
	nc_config_reload reload; /* live = applied */
} nc_config_change;

/* The keys that differ, in table order, at most cap of them into out; returns how many differ. */
size_t nc_config_diff(
	const nc_config *before, const nc_config *after, nc_config_change *out, size_t cap);
/* [{"key":"logging.level","result":"applied|needs_plugin_reload|needs_restart"},…] */
void nc_config_diff_json(const nc_config_change *change, size_t n, nc_buf *out);

/*
 * The snapshot in force, and how to make the next. A reload reads the same files and environment
 * again; on any fault the old snapshot stays. Keys that need a restart keep their old value in the
 * snapshot in force, so that nobody reads a data_dir that is not the one that is open; they are
 * reported again by each reload until the restart. Any thread.
 */
typedef struct nc_config_holder nc_config_holder;

/* Copies names (made absolute) and environment; loads once. Errors as nc_config_load. */
nc_code nc_config_holder_new(const char *const *files, size_t n, const char *const *env,
	nc_config_holder **ret, nc_config_report *report, nc_error *err);
void nc_config_holder_free(nc_config_holder *h);
NC_DEFINE_CLEANUP(nc_config_holder *, nc_config_holder_free);

const nc_config *nc_config_holder_get(nc_config_holder *h); /* a reference of the caller's */

/* Who acts on a new snapshot. Called by nc_config_holder_reload, one reload at a time, so that what
 * is applied last is what is in force. */
typedef struct nc_config_user {
	/* `next` is about to replace `now`, and nothing else can fail: take what may fail, or refuse the
	 * reload with the key that is at fault. */
	nc_code (*prepare)(void *ctx, const nc_config *now, const nc_config *next,
		const char **ret_key, nc_error *err);
	void (*apply)(void *ctx, const nc_config *now);
	void *ctx;
} nc_config_user;
void nc_config_holder_serve(nc_config_holder *h, const nc_config_user *user); /* before reloads */

/* As nc_config_diff's out, cap and count (ret_n may be NULL). One reload at a time: NC_E_BUSY. */
nc_code nc_config_holder_reload(nc_config_holder *h, nc_config_change *out, size_t cap,
	size_t *ret_n, nc_config_report *report, nc_error *err);

#endif
