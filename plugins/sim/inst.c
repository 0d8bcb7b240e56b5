/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An instance from create to destroy: its configuration, its truth, its threads. The slots of
 * nc_plugin other than get_extension. It must never leave anything behind when create fails.
 */
#define NC_PLUG_DOMAIN "sim"
#include "inst.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump.h"
#include "event.h"
#include "stream.h"
#include "verb.h"

static nc_code check_latency(const sim_latency *l, const char *where, nc_error *err)
{
	if (l->max >= l->min)
		return NC_OK;
	return nc_plug_fail(err, NC_E_INVAL, NC_ERR_USER_FAULT,
		"Give max at least the value of min.", "%s: max %lld is less than min %lld", where,
		(long long)l->max, (long long)l->min);
}

/* What the schema can't say. */
static nc_code check_config(const sim_config *cfg, nc_error *err)
{
	double sum = cfg->failure_rate + cfg->partial_rate + cfg->hang_rate +
		     cfg->lost_reply_before + cfg->lost_reply_after;
	nc_code rc = NC_OK;

	for (size_t i = 0; rc == NC_OK && i < cfg->n_latency_ms; i++)
		rc = check_latency(&cfg->latency_ms[i].value, cfg->latency_ms[i].key, err);
	for (size_t i = 0; rc == NC_OK && i < cfg->n_faults; i++)
		if (cfg->faults[i].has_latency_ms)
			rc = check_latency(&cfg->faults[i].latency_ms, "faults", err);
	if (rc != NC_OK)
		return rc;
	if (sum > 1.0)
		return nc_plug_fail(err, NC_E_INVAL, NC_ERR_USER_FAULT,
			"Lower the rates until together they are at most 1.",
			"failure_rate, partial_rate, hang_rate and lost_reply together are %g",
			sum);
	if (strcmp(cfg->truth, "memory") != 0 && cfg->truth[0] != '/')
		return nc_plug_fail(err, NC_E_INVAL, NC_ERR_USER_FAULT,
			"Give an absolute path, or \"memory\".", "truth: \"%s\" is neither",
			cfg->truth);
	return NC_OK;
}

static nc_code read_config(nc_bytes text, sim_config **ret, nc_error *err)
{
	nc_msg_mem mem = { 0 };
	sim_config cfg;
	nc_code rc = nc_msg_read(&sim_config_msg, text, &mem, &cfg, err);

	if (rc == NC_OK)
		rc = check_config(&cfg, err);
	if (rc == NC_OK) {
		*ret = nc_msg_pack(&sim_config_msg, &cfg);
		rc = *ret ? NC_OK : nc_plug_nomem(err);
	}
	nc_msg_done(&mem);
	return rc;
}

static void init_locks(struct nc_inst *inst)
{
	pthread_condattr_t mono;

	pthread_condattr_init(&mono);
	pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
	pthread_mutex_init(&inst->lock, NULL);
	pthread_mutex_init(&inst->wake_lock, NULL);
	pthread_cond_init(&inst->sleepers, &mono);
	pthread_cond_init(&inst->wake, &mono);
	pthread_condattr_destroy(&mono);
	inst->last_stop = &inst->stops;
}

static void find_services(struct nc_inst *inst)
{
	const nc_host *h = inst->host;
	const nc_report *report = h->get_extension(h->ctx, NC_EXT_REPORT);
	const nc_secrets *secrets = h->get_extension(h->ctx, NC_EXT_SECRETS);
	const nc_metrics *metrics = h->get_extension(h->ctx, NC_EXT_METRICS);

	inst->report = NC_HAS(report, report) ? report : NULL;
	inst->secrets = NC_HAS(secrets, open) ? secrets : NULL;
	inst->metrics = NC_HAS(metrics, counter_add) ? metrics : NULL;
}

/* A cloud would be spoken to with it; here it only shows that the handle can be opened. */
static nc_code try_access_key(struct nc_inst *inst, nc_error *err)
{
	char value[4096];
	size_t n = 0;
	nc_code rc;

	if (!inst->cfg->access_key)
		return NC_OK;
	if (!inst->secrets)
		return nc_plug_fail(err, NC_E_UNSUPPORTED, 0,
			"Offer nc.secrets/1 to the plugin, or leave access_key out.",
			"the host opens no secrets for this plugin");
	rc = inst->secrets->open(
		inst->host->ctx, nc_plug_str(inst->cfg->access_key), value, sizeof(value), &n, err);
	explicit_bzero(value, sizeof(value));
	return rc;
}

static nc_code open_truth(struct nc_inst *inst, nc_error *err)
{
	nc_code rc = NC_OK;

	if (strcmp(inst->cfg->truth, "memory") != 0)
		rc = sim_truth_open(inst->cfg->truth, (uint64_t)inst->cfg->seed, sim_replay, inst,
			&inst->truth, err);
	if (rc == NC_OK)
		rc = sim_resume(inst, err);
	if (rc == NC_OK)
		sim_events_after_replay(inst);
	return rc;
}

static void free_timers(struct nc_inst *inst)
{
	for (sim_timer *t; (t = sim_heap_first(&inst->heap));) {
		sim_heap_remove(&inst->heap, t);
		if (t->kind == SIM_TIMER_EVENT)
			free(t);
	}
}

static void free_works(struct nc_inst *inst)
{
	for (size_t i = 0; i < inst->ops.by_key.cap; i++) {
		sim_op *op = inst->ops.by_key.slots[i].value;

		if (inst->ops.by_key.slots[i].key && op->work)
			sim_work_free(inst, op->work);
	}
}

/* No other thread is left. */
static void free_inst(struct nc_inst *inst)
{
	while (inst->stops) {
		sim_stop *next = inst->stops->next;

		free(inst->stops);
		inst->stops = next;
	}
	free_works(inst);
	free_timers(inst);
	sim_truth_close(inst->truth);
	sim_ops_done(&inst->ops);
	sim_map_done(&inst->work_by_op);
	sim_heap_done(&inst->heap);
	sim_world_done(&inst->world);
	if (inst->cfg != inst->first_cfg)
		free(inst->cfg);
	free(inst->first_cfg);
	pthread_cond_destroy(&inst->sleepers);
	pthread_cond_destroy(&inst->wake);
	pthread_mutex_destroy(&inst->lock);
	pthread_mutex_destroy(&inst->wake_lock);
	free(inst);
}

/* The timer thread is there by now and goes on with what was left half done. */
static void log_start(struct nc_inst *inst)
{
	char hosts[16], guests[16];

	pthread_mutex_lock(&inst->lock);
	(void)snprintf(hosts, sizeof(hosts), "%u", inst->world.n_hosts);
	(void)snprintf(guests, sizeof(guests), "%zu", inst->world.by_id[SIM_GUEST].n);
	pthread_mutex_unlock(&inst->lock);
	NC_PLUG_LOG(inst->host, NC_LOG_INFO, "sim.started", "hosts", hosts, "guests", guests,
		"truth", inst->cfg->truth);
}

nc_code sim_create(const nc_host *host, nc_bytes config, nc_inst **out, nc_error *err)
{
	struct nc_inst *inst;
	nc_code rc;

	if (!NC_HAS(host, op_complete)) /* the last of what each host of our major has */
		return nc_plug_fail(err, NC_E_UNSUPPORTED, 0, "Upgrade the host.",
			"the host's table is %u bytes, which is less than plugin ABI 1.0 has",
			host->struct_size);
	inst = calloc(1, sizeof(*inst));
	if (!inst)
		return nc_plug_nomem(err);
	inst->host = host;
	inst->compact_timer.kind = SIM_TIMER_COMPACT;
	init_locks(inst);
	find_services(inst);
	rc = read_config(config, &inst->cfg, err);
	inst->first_cfg = inst->cfg;
	if (rc == NC_OK)
		rc = try_access_key(inst, err);
	if (rc == NC_OK)
		rc = sim_world_init(&inst->world, inst->cfg, err);
	if (rc == NC_OK)
		rc = open_truth(inst, err);
	if (rc == NC_OK)
		rc = sim_timer_start(inst, err);
	if (rc != NC_OK) {
		free_inst(inst);
		return rc;
	}
	log_start(inst);
	*out = inst;
	return NC_OK;
}

nc_code sim_reconfigure(nc_inst *inst, nc_bytes config, nc_error *err)
{
	sim_config *cfg = NULL, *old;
	const char *field = NULL;
	nc_code rc = read_config(config, &cfg, err);

	if (rc != NC_OK)
		return rc;
	rc = nc_msg_differs(&sim_config_msg, inst->cfg, cfg, NC_MSG_RECREATE, &field);
	if (rc != NC_OK || field) {
		free(cfg);
		return rc != NC_OK
			       ? nc_plug_nomem(err)
			       : nc_plug_fail(err, NC_E_CONFLICT, NC_ERR_USER_FAULT,
					 "Close the instance and open it again to apply that.",
					 "%s can't be changed while the instance is open", field);
	}
	pthread_mutex_lock(&inst->lock);
	old = inst->cfg;
	inst->cfg = cfg;
	pthread_cond_broadcast(&inst->sleepers);
	pthread_mutex_unlock(&inst->lock);
	if (old != inst->first_cfg)
		free(old);
	return NC_OK;
}

static int32_t told_health(int32_t wanted)
{
	switch (wanted) {
	case SIM_TOLD_HEALTH_DEGRADED:
		return NC_HEALTH_STATUS_DEGRADED;
	case SIM_TOLD_HEALTH_UNHEALTHY:
		return NC_HEALTH_STATUS_UNHEALTHY;
	default:
		return NC_HEALTH_STATUS_HEALTHY;
	}
}

/* Under the lock. */
static void hang_while_wanted(nc_inst *inst)
{
	inst->n_sleepers++;
	while (inst->cfg->health == SIM_TOLD_HEALTH_HANGS && !inst->is_closing)
		pthread_cond_wait(&inst->sleepers, &inst->lock);
	if (--inst->n_sleepers == 0 && inst->is_closing)
		pthread_cond_broadcast(&inst->sleepers);
}

nc_code sim_health(nc_inst *inst, nc_sink *sink, nc_error *err)
{
	nc_plugin_health_result msg = { .status = NC_HEALTH_STATUS_HEALTHY };
	char text[128], details[256];

	pthread_mutex_lock(&inst->lock);
	hang_while_wanted(inst);
	msg.status = told_health(inst->cfg->health);
	(void)snprintf(text, sizeof(text), "%u hosts, %zu guests, %u operations running",
		inst->world.n_hosts, inst->world.by_id[SIM_GUEST].n, inst->n_works);
	(void)snprintf(details, sizeof(details),
		"{\"hosts\":%u,\"guests\":%zu,\"volumes\":%zu,\"running\":%u,\"acts\":%llu,"
		"\"seq\":%llu}",
		inst->world.n_hosts, inst->world.by_id[SIM_GUEST].n,
		inst->world.by_id[SIM_VOLUME].n, inst->n_works, (unsigned long long)inst->n_acts,
		(unsigned long long)inst->seq);
	pthread_mutex_unlock(&inst->lock);
	msg.message = text;
	msg.details = nc_plug_str(details);
	return nc_plug_emit(inst->host, sink, &nc_plugin_health_result_msg, &msg, err);
}

nc_code sim_drain(nc_inst *inst, nc_op op, nc_error *err)
{
	pthread_mutex_lock(&inst->lock);
	inst->is_draining = true;
	pthread_mutex_unlock(&inst->lock);
	return sim_note_stop(inst, op, SIM_STOP_DRAIN) ? NC_OK : nc_plug_nomem(err);
}

/* A drain that the timer thread did not come to. */
static void end_drains(struct nc_inst *inst)
{
	for (const sim_stop *s = inst->stops; s; s = s->next)
		if (s->reason == SIM_STOP_DRAIN)
			inst->host->op_complete(
				inst->host->ctx, s->op, NC_DONE, NULL, (nc_bytes){ NULL, 0 });
}

/* Who still waits is told that the work goes on without him: the truth has it begun. */
static void detach_all(struct nc_inst *inst)
{
	const sim_map *m = &inst->ops.by_key;

	for (size_t i = 0; i < m->cap; i++) {
		sim_op *known = m->slots[i].key ? m->slots[i].value : NULL;
		nc_op op = known && known->work ? sim_work_detach(inst, known->work) : (nc_op){ 0 };

		if (op.v)
			inst->host->op_complete(
				inst->host->ctx, op, NC_DETACHED, NULL, (nc_bytes){ NULL, 0 });
	}
}

void sim_destroy(nc_inst *inst)
{
	pthread_mutex_lock(&inst->lock);
	inst->is_closing = true;
	pthread_cond_broadcast(&inst->sleepers);
	while (inst->n_sleepers > 0) /* calls that hang without having been taken */
		pthread_cond_wait(&inst->sleepers, &inst->lock);
	pthread_mutex_unlock(&inst->lock);
	sim_timer_join(inst);
	sim_streams_join(inst);
	detach_all(inst);
	end_drains(inst);
	free_inst(inst);
}
