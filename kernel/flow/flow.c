/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flow's life: made in the services phase, attached to the operation engine, started last and
 * stopped first. It owns the provider table and the keeper's thread; everything else is borrowed
 * from boot/, which outlives it.
 */
#include "flow/flow.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "base/wait.h"
#include "flow/care.h"
#include "flow/internal.h"
#include "flow/reports.h"
#include "flow/schedules.h"
#include "flow/visits.h"

nc_code nc_flow_new(const nc_flow_options *o, nc_flow **ret, nc_error *err)
{
	_cleanup_(nc_freep) nc_flow *f = nc_calloc(1, sizeof(*f));

	if (!f)
		return nc_err_nomem(err);
	f->db = o->db;
	f->sched = o->sched;
	f->plugins = o->plugins;
	f->observed = o->observed;
	f->events = o->events;
	f->vault = o->vault;
	f->settings = o->settings;
	f->own_call_max_s = NC_OWN_CALL_MAX_S;
	nc_code rc = nc_providers_new(f, &f->providers, err);
	if (rc != NC_OK)
		return rc;
	if ((rc = nc_reports_new(&f->reports, err)) == NC_OK)
		rc = nc_schedules_new(f, &f->schedules, err);
	if (rc != NC_OK) {
		nc_providers_free(f->providers);
		nc_reports_free(f->reports);
		return rc;
	}
	pthread_mutex_init(&f->settings_lock, NULL);
	pthread_mutex_init(&f->keeper_lock, NULL);
	nc_cond_init(&f->keeper_wake);
	nc_flow_driver_init(f);
	if (f->observed)
		nc_observed_follow(f->observed, &nc_kind_host, "guests", nc_flow_count_guests, f);
	*ret = nc_steal(&f);
	return NC_OK;
}

void nc_flow_free(nc_flow *f)
{
	if (!f)
		return;
	if (f->observed)
		nc_observed_follow(f->observed, &nc_kind_host, "guests", NULL, NULL);
	nc_providers_free(f->providers);
	nc_reports_free(f->reports);
	nc_schedules_free(f->schedules);
	nc_visits_free(f->visits);
	pthread_mutex_destroy(&f->settings_lock);
	pthread_mutex_destroy(&f->keeper_lock);
	pthread_cond_destroy(&f->keeper_wake);
	nc_free(f);
}

nc_code nc_flow_attach(nc_flow *f, nc_ops *ops, nc_error *err)
{
	const nc_op_type *const single[] = { &nc_flow_vm_create, &nc_flow_vm_resize,
		&nc_flow_vm_delete, &nc_flow_vm_purge, &nc_flow_provider_create,
		&nc_flow_provider_update, &nc_flow_provider_delete, &nc_flow_orphan_delete,
		&nc_flow_network_create, &nc_flow_network_delete, &nc_flow_volume_create,
		&nc_flow_volume_resize, &nc_flow_volume_delete, &nc_flow_vm_migrate,
		&nc_flow_schedule_fire, &nc_flow_volume_snapshot[0], &nc_flow_volume_snapshot[1] };
	const nc_op_type *const triples[] = { nc_flow_vm_disk, nc_flow_vm_nic, nc_flow_snapshot };
	nc_code rc = NC_OK;

	f->ops = ops;
	for (size_t i = 0; rc == NC_OK && i < NC_LEN(single); i++)
		rc = nc_ops_register(ops, single[i], err);
	for (size_t i = 0; rc == NC_OK && i < 3 * NC_LEN(triples); i++)
		rc = nc_ops_register(ops, &triples[i / 3][i % 3], err);
	for (size_t i = 0; rc == NC_OK && i < nc_flow_n_vm_power; i++)
		rc = nc_ops_register(ops, &nc_flow_vm_power[i], err);
	return rc;
}

nc_flow_settings nc_flow_get_settings(nc_flow *f)
{
	pthread_mutex_lock(&f->settings_lock);
	nc_flow_settings s = f->settings;
	pthread_mutex_unlock(&f->settings_lock);
	return s;
}

void nc_flow_configure(nc_flow *f, const nc_flow_settings *s)
{
	pthread_mutex_lock(&f->settings_lock);
	f->settings = *s;
	pthread_mutex_unlock(&f->settings_lock);
}

nc_code nc_flow_start(nc_flow *f, nc_error *err)
{
	nc_code rc = nc_care_start(f, err);

	return rc == NC_OK ? nc_schedules_start(f->schedules, err) : rc;
}

nc_code nc_flow_stop(nc_flow *f)
{
	nc_schedules_stop(f->schedules);
	return nc_care_stop(f);
}

void nc_flow_look(nc_flow *f)
{
	nc_care_soon(f);
}

nc_observed *nc_flow_observed(nc_flow *f)
{
	return f->observed;
}

/* ---- the publish hook ---- */

static void on_change(
	void *ctx, uint64_t seq, uint16_t kind, const nc_item *was, const nc_item *now)
{
	nc_flow *f = ctx;

	(void)seq;
	if (was && !now)
		nc_observed_drop(f->observed, kind, nc_item_id(was));
	if (kind == NC_KIND_SCHEDULE)
		nc_schedules_wake(f->schedules);
	if (was && !now && kind == NC_KIND_ORPHAN)
		nc_care_soon(f); /* what it held of its host is counted otherwise now */
}

void nc_flow_published(nc_flow *f, const nc_db_batch *b)
{
	nc_db_batch_changes(b, on_change, f);
}

/* ---- what plugins say ---- */

static void on_report(void *user, nc_pinst *inst, nc_bytes target, uint64_t obs_seq, nc_bytes json)
{
	nc_flow *f = user;

	(void)target;
	if (nc_reports_add(f->reports, nc_pinst_name(inst), obs_seq, json))
		nc_care_read(f);
	else
		nc_care_soon(f);
}

static void on_overflow(void *user, nc_pinst *inst)
{
	(void)inst;
	nc_care_soon(user);
}

/* Whether or not the store takes it: the loader has logged it with all it knows. */
static void on_event(void *user, const char *type, nc_bytes json)
{
	const nc_flow *f = user;
	_cleanup_(nc_json_decrefp) json_t *doc = NULL;
	const char *plugin = NULL;

	if (nc_json_parse(json, 64u << 10, &doc, NULL) != NC_OK ||
		nc_json_get_str(doc, NULL, "plugin", NC_REQUIRED, 255, &plugin, NULL) != NC_OK)
		return;
	nc_txn *t = nc_txn_new(f->db);
	nc_event_add(t, &(nc_event){ .ts_ms = nc_clock_wall_ms(),
				.type = type,
				.topic = "plugin",
				.key = plugin,
				.name = plugin,
				.actor = "system",
				.data = json });
	nc_txn_submit(t, NULL, NULL);
}

static void on_host_lost(void *user, nc_pinst *inst, const char *why)
{
	nc_flow *f = user;

	nc_reports_forget(f->reports, nc_pinst_name(inst));
	nc_log(L_WARN, "plugin.host.lost", F_STR("instance", nc_pinst_name(inst)),
		F_STR("why", why), F_STR("consequence", "recovering its calls when it is back"));
}

static void on_host_back(void *user, nc_pinst *inst)
{
	nc_log(L_INFO, "plugin.host.back", F_STR("instance", nc_pinst_name(inst)));
	nc_care_soon(user);
}

/* The next call there would hang as well: only one at a time finds out. */
static void on_stuck(void *user, nc_pinst *inst, nc_bytes target, const char *verb)
{
	nc_flow *f = user;
	char provider[NC_DB_ID_MAX + 1], name[256];

	if (!f->ops || !nc_providers_id_of(f->providers, inst, provider))
		return;
	snprintf(name, sizeof(name), "%.*s", (int)NC_MIN(target.len, sizeof(name) - 1),
		target.len ? (const char *)target.ptr : "");
	nc_log(L_WARN, "provider.target.stuck", F_STR("provider", provider), F_STR("target", name),
		F_STR("verb", verb), F_STR("consequence", "nothing is sent there for a while"));
	nc_ops_target_stuck(f->ops, provider, target);
}

void nc_flow_saw_health(nc_flow *f)
{
	nc_care_soon(f);
}

void nc_flow_plugin_hooks(nc_flow *f, nc_plugin_hooks *hooks)
{
	*hooks = (nc_plugin_hooks){ .user = f,
		.report = on_report,
		.report_overflow = on_overflow,
		.event = on_event,
		.host_lost = on_host_lost,
		.host_back = on_host_back,
		.target_stuck = on_stuck };
	nc_flow_services(hooks);
}
