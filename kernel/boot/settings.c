/* SPDX-License-Identifier: Apache-2.0 */
/* Translation of configuration, and the few things that a first start must make. Called while
 * starting and on reload; keeps nothing. */
#include "boot/settings.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/account.h"
#include "base/alloc.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "model/tenancy.h"

nc_boot_limits nc_settings_boot(const nc_config *c)
{
	return (nc_boot_limits){
		.phase_us = { c->boot.pre_init_timeout_us, c->boot.core_init_timeout_us,
			c->boot.service_init_timeout_us, c->boot.post_init_timeout_us },
		.retries = (unsigned)c->boot.retries,
		.retry_delay_us = c->boot.retry_delay_us
	};
}

nc_ops_options nc_settings_ops(const nc_config *c)
{
	return (nc_ops_options){ .workers = (uint32_t)c->ops.workers,
		.default_deadline_us = c->ops.default_deadline_us,
		.in_all = (uint32_t)c->system.max_concurrency,
		.per_host = (uint32_t)c->ops.per_host,
		.per_provider = (uint32_t)c->ops.per_provider,
		.per_project = (uint32_t)c->ops.per_project,
		.breaker_failures = (uint32_t)c->ops.breaker_failures,
		.breaker_open_us = c->ops.breaker_open_us,
		.grace_us = 2000000 };
}

nc_flow_settings nc_settings_flow(const nc_config *c)
{
	nc_flow_settings s = { .deleted_retention_ms = c->vm.deleted_retention_us / 1000,
		.shutdown_timeout_s = c->vm.shutdown_timeout_us / 1000000,
		.idempotency_ttl_ms = c->ops.idempotency_ttl_us / 1000,
		.operation_retention_ms = c->store.operation_retention_us / 1000,
		.event_retention_ms = c->store.event_retention_us / 1000,
		.log_retention_ms = c->store.log_retention_us / 1000 };
	snprintf(s.default_network, sizeof(s.default_network), "%s", c->vm.default_network);
	return s;
}

nc_sched_options nc_settings_sched(const nc_config *c)
{
	return (nc_sched_options){ .algorithm = c->sched.algorithm == NC_CONFIG_FIRST_FIT
							? NC_SCHED_FIRST_FIT
							: NC_SCHED_BEST_FIT,
		.vcpu_ratio = c->sched.vcpu_ratio,
		.memory_ratio = c->sched.memory_ratio,
		.disk_ratio = c->sched.disk_ratio,
		.reserve_memory_mib = c->sched.reserve_memory_mib,
		.reserve_memory_percent = c->sched.reserve_memory_percent };
}

const char *nc_settings_host_binary(void)
{
	static char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 32);
	char *slash;

	if (n <= 0)
		return "/usr/lib/novacron/nc-plugin-host";
	path[n] = '\0';
	slash = strrchr(path, '/');
	snprintf(slash, 32, "/nc-plugin-host");
	return path;
}

static nc_isolation isolation_of(nc_config_isolation i)
{
	return i == NC_CONFIG_IN_PROCESS ? NC_ISO_IN_PROCESS : NC_ISO_PROCESS;
}

void nc_settings_plugins(const nc_config *c, nc_launcher *launcher, nc_plugin_allow *allow,
	size_t cap, nc_plugins_options *ret)
{
	size_t n = 0;

	allow[n++] = (nc_plugin_allow){ "novacron.store-sqlite", NC_ISO_IN_PROCESS };
	for (size_t i = 0; i < c->plugins.allow.n && n < cap; i++) {
		const nc_config_plugin *p = &c->plugins.allow.v[i];
		if (!strcmp(p->id, allow[0].id))
			continue;
		allow[n++] = (nc_plugin_allow){ p->id, isolation_of(p->isolation) };
	}
	*ret = (nc_plugins_options){ .search_path = c->plugins.path.v,
		.n_search = c->plugins.path.n,
		.allow = allow,
		.n_allow = n,
		.state_dir = c->plugins.state_dir,
		.host_binary = nc_settings_host_binary(),
		.launcher = launcher,
		.probe_timeout_us = c->plugins.probe_timeout_us,
		.health_every_us = c->plugins.health_interval_us,
		.health_timeout_us = c->plugins.health_timeout_us };
}

/* The plugin's own options, under what the configuration itself says. */
nc_code nc_settings_store(const nc_config *c, nc_buf *json, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *o = NULL;
	char path[4096];
	nc_code rc = nc_json_parse(nc_str(c->database.options_json), 64u << 10, &o, err);

	if (rc != NC_OK)
		return nc_err_wrap(err, rc, "database.options");
	snprintf(path, sizeof(path), "%s",
		*c->database.connection_string ? c->database.connection_string : "");
	if (!*path)
		snprintf(path, sizeof(path), "%s/state", c->system.data_dir);
	int is_bad = json_object_set_new(o, "path", json_string(path));
	if (c->database.durability == NC_CONFIG_UNSAFE)
		is_bad |= json_object_set_new(o, "synchronous", json_string("off"));
	_cleanup_(nc_freep) char *text = is_bad ? NULL : json_dumps(o, JSON_COMPACT);
	nc_buf_puts(json, text ? text : "");
	return is_bad || !text || nc_buf_failed(json) ? nc_err_nomem(err) : NC_OK;
}

nc_code nc_settings_log(const nc_config *c, nc_error *err)
{
	return nc_log_open(
		*c->logging.file ? c->logging.file : NULL, (nc_log_format)c->logging.format, err);
}

gid_t nc_settings_group(const nc_config *c)
{
	const char *name = c->server.socket_group;
	gid_t gid = (gid_t)-1;
	nc_error err = NC_ERROR_INIT;

	if (*name && nc_group_find(name, &gid, &err) != NC_OK)
		nc_log(L_WARN, "boot.socket_group.unknown", F_STR("group", name), F_ERR(&err),
			F_STR("consequence", "the socket keeps the daemon's own group, and root "
					     "alone is an administrator"));
	return gid;
}

nc_code nc_settings_seed(nc_db *db, nc_error *err)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1u << 20);
	_cleanup_(nc_txn_freep) nc_txn *t = nc_txn_new(db);
	nc_reach all = { .is_everywhere = 1 };
	const nc_item *it = NULL;

	if (!a || !t)
		return nc_err_nomem(err);
	const nc_root *r = nc_db_read_begin(db);
	nc_code rc = nc_model_resolve(r, &nc_kind_project, &all, "default", &it, NULL, NULL);
	nc_db_read_end(db);
	if (rc == NC_OK)
		return NC_OK;
	nc_object *o = nc_object_new(&nc_kind_project, a);
	if (!o)
		return nc_err_nomem(err);
	o->name = "default";
	o->description = "where things go when no project is named";
	NC_AS(nc_project, o)->is_enabled = 1;
	if ((rc = nc_model_put(t, o, err)) != NC_OK)
		return rc;
	return nc_txn_commit(nc_steal(&t), NULL, err);
}
