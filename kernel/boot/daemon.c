/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the daemon is made of. Every component is a start and a stop over one struct; the table at
 * the end says in which phase, after what. Starts run on threads of the runner, side by side where
 * the table lets them, so each touches only its own members and those of what it needs. A stop also
 * undoes a start that failed half way: what did not come to be is NULL.
 */
#include "boot/daemon_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "boot/notify.h"
#include "boot/settings.h"
#include "obs/health.h"
#include "obs/timing.h"

#define STORE_SQLITE "novacron.store-sqlite"

/* ---- pre-init ---- */

static nc_code start_environment(void *ctx, nc_error *err)
{
	nc_daemon *d = ctx;
	struct rlimit files;

	umask(0027);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	nc_code rc = nc_mkdir_p(d->cfg->system.data_dir, 0750, err);
	return rc == NC_OK ? nc_mkdir_p(d->cfg->system.run_dir, 0755, err) : rc;
}

static nc_code start_resources(void *ctx, nc_error *err)
{
	nc_daemon *d = ctx;
	struct statvfs fs;
	struct rlimit files;

	if (statvfs(d->cfg->system.data_dir, &fs) < 0)
		return nc_err_errno(err, errno, "could not look at %s", d->cfg->system.data_dir);
	uint64_t free_mib = (uint64_t)fs.f_bavail * fs.f_frsize >> 20;
	if (free_mib < 64)
		nc_log(L_WARN, "boot.disk.low", F_STR("path", d->cfg->system.data_dir),
			F_U64("free_mib", free_mib),
			F_STR("consequence", "changes will be refused when it is full"));
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < 1024)
		nc_log(L_WARN, "boot.files.low", F_U64("limit", files.rlim_cur),
			F_STR("consequence", "few connections can be served"));
	return NC_OK;
}

/* ---- core ---- */

static nc_code start_plugins(void *ctx, nc_error *err)
{
	nc_daemon *d = ctx;
	nc_plugins_options o;
	nc_plugin_allow allow[NC_ALLOW_MAX];

	nc_settings_plugins(d->cfg, d->launcher, allow, NC_LEN(allow), &o);
	nc_code rc = nc_plugins_new(&o, &d->plugins, err);
	return rc == NC_OK ? nc_plugins_scan(d->plugins, err) : rc;
}

static void stop_plugins(void *ctx)
{
	nc_daemon *d = ctx;

	nc_plugins_free(d->plugins);
	d->plugins = NULL;
}

static void published(void *ctx, const nc_db_batch *b)
{
	nc_daemon *d = ctx;

	pthread_mutex_lock(&d->hook_lock);
	if (d->is_heard) {
		nc_sched_apply(d->sched, b);
		nc_flow_published(d->flow, b);
		nc_events_publish(d->events, b);
		nc_ops_published(d->ops, b);
		nc_api_published(d->api, b);
	}
	pthread_mutex_unlock(&d->hook_lock);
}

/* Another leader goes on with what was under way: let go of it. */
static void let_go(nc_daemon *d)
{
	pthread_mutex_lock(&d->hook_lock);
	if (d->is_heard && !nc_db_leads(d->db))
		nc_ops_detach(d->ops);
	pthread_mutex_unlock(&d->hook_lock);
}

static void db_health(void *ctx, int is_degraded, const nc_error *why)
{
	if (is_degraded)
		let_go(ctx);
	nc_obs_set("store", is_degraded ? NC_OBS_DEGRADED : NC_OBS_HEALTHY,
		is_degraded ? why->message : NULL);
}

static nc_code open_store_plugin(nc_daemon *d, nc_error *err)
{
	_cleanup_(nc_buf_done) nc_buf config = { 0 };

	if (d->cfg->database.driver != NC_CONFIG_SQLITE)
		return nc_err(err, NC_E_UNSUPPORTED, "database.driver: only sqlite is there yet");
	nc_code rc = nc_plugins_load(d->plugins, STORE_SQLITE, err);
	if (rc != NC_OK)
		return rc;
	nc_buf_init(&config, 64u << 10);
	if ((rc = nc_settings_store(d->cfg, &config, err)) != NC_OK)
		return rc;
	nc_pinst_spec spec = { .plugin = STORE_SQLITE, .name = "store" };
	spec.config = nc_buf_bytes(&config);
	return nc_pinst_open(d->plugins, &spec, &d->store, err);
}

static nc_code start_store(void *ctx, nc_error *err)
{
	nc_daemon *d = ctx;
	const nc_store *table = NULL;
	nc_inst *self = NULL;
	nc_code rc = open_store_plugin(d, err);

	if (rc == NC_OK)
		rc = nc_pinst_store(d->store, &table, &self, err);
	if (rc != NC_OK)
		return rc;
	nc_db_options o = { .table = table,
		.inst = self,
		.node = d->cfg->system.node_id,
		.kinds = nc_model_kind_defs(&o.n_kinds),
		.hooks = { .ctx = d,
			.published = published,
			.health = db_health,
			.upgrade = nc_model_upgrade } };
	nc_model_kind_defs(&o.n_kinds);
	return nc_db_open(&o, &d->db, err);
}

static void stop_store(void *ctx)
{
	nc_daemon *d = ctx;

	if (d->db)
		nc_db_close(d->db);
	d->db = NULL;
	if (d->store) {
		nc_pinst_close(d->store, 1000000);
		nc_pinst_unref(d->store);
	}
	d->store = NULL;
}

static nc_code start_security(void *ctx, nc_error *err)
{
	nc_daemon *d = ctx;

	nc_vault_options o = {
		.db = d->db, .kind = NC_KIND_SECRET_VALUE, .key_file = d->cfg->security.key_file
	};
	return nc_vault_open(&o, &d->vault, err);
}

static void stop_security(void *ctx)
{
	nc_daemon *d = ctx;

	nc_vault_close(d->vault);
	d->vault = NULL;
}

static nc_code start_cache(void *ctx, nc_error *err)
{
	nc_daemon *d = ctx;
	nc_sched_options o = nc_settings_sched(d->cfg);

	o.db = d->db; /* what the ledger could not apply is made good from there */
	d->observed = nc_observed_new();
	if (!d->observed)
		return nc_err_nomem(err);
	nc_code rc = nc_sched_new(&o, &d->sched, err);
	if (rc != NC_OK)
		return rc;
	const nc_root *r = nc_db_read_begin(d->db);
	rc = nc_sched_load(d->sched, r, err);
	nc_db_read_end(d->db);
	return rc;
}

static void stop_cache(void *ctx)
{
	nc_daemon *d = ctx;

	nc_sched_free(d->sched);
	nc_observed_free(d->observed);
	d->sched = NULL;
	d->observed = NULL;
}

/* ---- services ---- */

static nc_code start_events(void *ctx, nc_error *err)
{
	nc_daemon *d = ctx;

	return nc_events_new(d->db, 65536, &d->events, err);
}

static void stop_events(void *ctx)
{
	nc_daemon *d = ctx;

	nc_events_free(d->events);
	d->events = NULL;
}

/* One provider that is ill makes nobody else's requests fail: the daemon is degraded, no more. */
static void plugins_health(void *user, nc_health_state worst, const char *why)
{
	nc_flow *f = user;
	int is_ill = worst > NC_HEALTH_HEALTHY;

	nc_obs_set("plugins", is_ill ? NC_OBS_DEGRADED : NC_OBS_HEALTHY, is_ill ? why : NULL);
	nc_flow_saw_health(f);
}

static nc_code make_flow(nc_daemon *d, nc_error *err)
{
	nc_flow_options o = { .db = d->db,
		.sched = d->sched,
		.plugins = d->plugins,
		.observed = d->observed,
		.events = d->events,
		.vault = d->vault,
		.settings = nc_settings_flow(d->cfg) };
	nc_plugin_hooks hooks;
	nc_code rc = nc_flow_new(&o, &d->flow, err);

	if (rc != NC_OK)
		return rc;
	nc_flow_plugin_hooks(d->flow, &hooks);
	hooks.health = plugins_health;
	nc_plugins_set_hooks(d->plugins, &hooks);
	return NC_OK;
}

static nc_code start_orchestration(void *ctx, nc_error *err)
{
	nc_daemon *d = ctx;
	nc_code rc = make_flow(d, err);

	if (rc != NC_OK)
		return rc;
	nc_ops_options o = nc_settings_ops(d->cfg);
	o.db = d->db;
	o.driver = nc_flow_driver(d->flow);
	o.user = d->flow;
	rc = nc_ops_new(&o, &d->ops, err);
	return rc == NC_OK ? nc_flow_attach(d->flow, d->ops, err) : rc;
}

static void stop_orchestration(void *ctx)
{
	nc_daemon *d = ctx;

	nc_plugins_set_hooks(d->plugins, &(nc_plugin_hooks){ 0 });
	nc_flow_free(d->flow); /* closes the instances: no driver answers after this */
	nc_ops_free(d->ops);
	d->flow = NULL;
	d->ops = NULL;
}

static nc_code reload(void *ctx, nc_buf *json, nc_error *err)
{
	return nc_daemon_reload(ctx, json, err);
}

static nc_code start_api(void *ctx, nc_error *err)
{
	nc_daemon *d = ctx;
	nc_http_listen listen = { .kind = NC_HTTP_LISTEN_UNIX,
		.address = d->cfg->server.socket_path,
		.mode = (mode_t)d->cfg->server.socket_mode,
		.gid = nc_settings_group(d->cfg) };
	nc_http_options http = {
		.reactors = (unsigned)d->cfg->server.reactors, .listen = &listen, .listen_count = 1
	};
	nc_api_options o = { .db = d->db,
		.flow = d->flow,
		.ops = d->ops,
		.sched = d->sched,
		.events = d->events,
		.plugins = d->plugins,
		.vault = d->vault,
		.config = d->holder,
		.workers = 8, /* nobody waits for a commit here; a few do for a file or a plugin */
		.reload = reload,
		.ctx = d };
	nc_code rc = nc_api_new(&o, &d->api, err);

	if (rc != NC_OK)
		return rc;
	nc_api_serve(d->api, &http);
	rc = nc_http_server_new(&http, &d->http, err);
	if (rc == NC_OK)
		nc_api_attach(d->api, d->http);
	return rc;
}

static void stop_api(void *ctx)
{
	nc_daemon *d = ctx;

	nc_api_quiesce(d->api); /* they answer through the server */
	nc_http_server_free(d->http);
	d->http = NULL;
	nc_api_free(d->api);
	d->api = NULL;
}

/* From here on changes are heard, operations move, and providers are looked after. */
static nc_code start_work(void *ctx, nc_error *err)
{
	nc_daemon *d = ctx;

	pthread_mutex_lock(&d->hook_lock);
	d->is_heard = 1;
	pthread_mutex_unlock(&d->hook_lock);
	nc_code rc = nc_settings_seed(d->db, err);
	if (rc == NC_OK)
		rc = nc_flow_start(d->flow, err);
	return rc == NC_OK ? nc_ops_start(d->ops, err) : rc;
}

static void stop_work(void *ctx)
{
	nc_daemon *d = ctx;

	nc_ops_stop(d->ops);
	if (nc_flow_stop(d->flow) != NC_OK) {
		nc_db_flush(d->db, NULL); /* or the next start does */
		nc_runner_hold(d->runner);
	}
	pthread_mutex_lock(&d->hook_lock);
	d->is_heard = 0;
	pthread_mutex_unlock(&d->hook_lock);
}

/* ---- post-init ---- */

static nc_code start_serving(void *ctx, nc_error *err)
{
	nc_daemon *d = ctx;

	return nc_http_server_start(d->http, err);
}

static void stop_serving(void *ctx)
{
	nc_daemon *d = ctx;
	nc_error err = NC_ERROR_INIT;

	nc_db_hurry(d->db);
	nc_api_drain(d->api);
	if (nc_http_server_drain(d->http, 5000000, &err) != NC_OK)
		nc_log(L_WARN, "boot.drain.cut", F_ERR(&err));
}

static nc_code start_ready(void *ctx, nc_error *err)
{
	nc_daemon *d = ctx;
	int64_t us = nc_clock_mono_us() - d->t0_us;

	(void)err;
	nc_timing_total(us);
	nc_obs_set_ready(1);
	nc_log(L_INFO, "boot.ready", F_I64("us", us), F_STR("socket", d->cfg->server.socket_path),
		F_U64("seq", nc_db_seq(d->db)), F_U64("epoch", nc_db_epoch(d->db)));
	nc_notify("READY=1");
	return NC_OK;
}

static void stop_ready(void *ctx)
{
	(void)ctx;
	nc_notify("STOPPING=1");
	nc_obs_set_ready(0);
}

static const nc_component components[] = {
	{ "environment", NC_PHASE_PRE_INIT, 0, { NULL }, start_environment, NULL },
	{ "resources", NC_PHASE_PRE_INIT, 0, { "environment" }, start_resources, NULL },
	{ "plugins", NC_PHASE_CORE_INIT, 0, { "environment" }, start_plugins, stop_plugins },
	{ "store", NC_PHASE_CORE_INIT, NC_COMPONENT_RETRY, { "plugins" }, start_store, stop_store },
	{ "security", NC_PHASE_CORE_INIT, 0, { "store" }, start_security, stop_security },
	{ "cache", NC_PHASE_CORE_INIT, 0, { "store" }, start_cache, stop_cache },
	{ "events", NC_PHASE_SERVICE_INIT, 0, { "store" }, start_events, stop_events },
	{ "orchestration", NC_PHASE_SERVICE_INIT, 0, { "events", "cache", "security" },
		start_orchestration, stop_orchestration },
	{ "api", NC_PHASE_SERVICE_INIT, 0, { "orchestration" }, start_api, stop_api },
	{ "work", NC_PHASE_SERVICE_INIT, 0, { "api" }, start_work, stop_work },
	{ "serving", NC_PHASE_POST_INIT, 0, { "work" }, start_serving, stop_serving },
	{ "ready", NC_PHASE_POST_INIT, 0, { "serving" }, start_ready, stop_ready },
};

/* ---- life ---- */

nc_code nc_daemon_new(nc_config_holder *cfg, nc_launcher *launcher, nc_daemon **ret, nc_error *err)
{
	nc_daemon *d = nc_calloc(1, sizeof(*d));

	if (!d)
		return nc_err_nomem(err);
	d->t0_us = nc_clock_mono_us();
	d->holder = cfg;
	d->cfg = nc_config_holder_get(cfg);
	d->launcher = launcher;
	pthread_mutex_init(&d->hook_lock, NULL);
	nc_boot_limits limits = nc_settings_boot(d->cfg);
	nc_code rc = nc_runner_new(components, NC_LEN(components), d, &limits, &d->runner, err);
	if (rc != NC_OK) {
		nc_daemon_free(d);
		return rc;
	}
	nc_daemon_heed_config(d);
	*ret = d;
	return NC_OK;
}

void nc_daemon_free(nc_daemon *d)
{
	if (!d)
		return;
	nc_runner_free(d->runner);
	nc_config_unref(d->cfg);
	pthread_mutex_destroy(&d->hook_lock);
	nc_free(d);
}

nc_code nc_daemon_start(nc_daemon *d, nc_boot_unwanted *is_unwanted, nc_error *err)
{
	return nc_runner_start(d->runner, NC_PHASE_POST_INIT, is_unwanted, err);
}

void nc_daemon_stop(nc_daemon *d)
{
	nc_runner_stop(d->runner);
}

int nc_daemon_is_held(const nc_daemon *d)
{
	return nc_runner_is_held(d->runner);
}
