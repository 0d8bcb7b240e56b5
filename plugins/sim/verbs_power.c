/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The power verbs, by a table of action and state. Under the instance's lock.
 */
#define NC_PLUG_DOMAIN "sim"
#include <string.h>

#include "fate.h"
#include "guest.h"

/* What an action makes of a state. */
typedef enum turn {
	NO = 0, /* can't be done from there */
	STAY,   /* the goal holds */
	BOOT,   /* running, from the beginning */
	RUN,    /* running, from where it was */
	OFF,
	PAUSE,
	SUSPEND,
	POKE /* something happens and the state stays */
} turn;

static const unsigned char turns[][SIM_POWER_CRASHED + 1] = {
	/*                          -  running  stopped  paused  suspended  crashed */
	[NC_POWER_ACTION_START] = { 0, STAY, BOOT, NO, NO, BOOT },
	[NC_POWER_ACTION_STOP] = { 0, OFF, STAY, OFF, OFF, OFF },
	[NC_POWER_ACTION_RESTART] = { 0, BOOT, NO, BOOT, NO, BOOT },
	[NC_POWER_ACTION_RESET] = { 0, BOOT, NO, BOOT, NO, BOOT },
	[NC_POWER_ACTION_PAUSE] = { 0, PAUSE, NO, STAY, NO, NO },
	[NC_POWER_ACTION_RESUME] = { 0, STAY, NO, RUN, NO, NO },
	[NC_POWER_ACTION_SUSPEND] = { 0, SUSPEND, NO, SUSPEND, STAY, NO },
	[NC_POWER_ACTION_WAKE] = { 0, STAY, NO, NO, RUN, NO },
	[NC_POWER_ACTION_NMI] = { 0, POKE, NO, NO, NO, NO },
};

static bool is_deaf(const struct nc_inst *inst, const char *native_id)
{
	return sim_chance((uint64_t)inst->cfg->seed, native_id, "deaf", 0) <
	       inst->cfg->ignore_shutdown_rate;
}

/* Whether the guest itself is asked, and so may not answer. */
static bool asks_guest(const sim_guest_doc *doc, const nc_compute_power_request *req)
{
	return doc->power == SIM_POWER_RUNNING && req->mode != NC_POWER_MODE_FORCE &&
	       (req->action == NC_POWER_ACTION_STOP || req->action == NC_POWER_ACTION_RESTART);
}

static int64_t power_lasts(struct nc_inst *inst, const void *request)
{
	const nc_compute_power_request *req = request;
	const sim_guest *g = sim_world_guest(&inst->world, req->native_id);

	if (!g || !asks_guest(g->doc, req))
		return 0;
	if (is_deaf(inst, g->doc->native_id))
		return (req->has_timeout_s ? req->timeout_s : 120) * 1000;
	return inst->cfg->guest_shutdown_ms;
}

/* The doc after a boot: what waited for it holds now. NC_E_QUOTA when it no longer fits. */
static nc_code boot(sim_call *call, const sim_guest *g, sim_guest_doc *doc, nc_error *err)
{
	sim_size more = { 0, 0, 0 };

	if (doc->has_next_vcpus)
		doc->vcpus = doc->next_vcpus;
	if (doc->has_next_memory_mib)
		doc->memory_mib = doc->next_memory_mib;
	doc->has_next_vcpus = doc->has_next_memory_mib = false;
	doc->power = SIM_POWER_RUNNING;
	doc->boots++;
	doc->booted_at_ms = call->txn.now_ms;
	call->booted = doc->native_id;
	more.vcpus = doc->vcpus - g->doc->vcpus;
	more.memory_mib = doc->memory_mib - g->doc->memory_mib;
	if (!g->host || (more.vcpus <= 0 && more.memory_mib <= 0))
		return NC_OK;
	return sim_check_room(call->inst, g->host, &more, err);
}

static nc_code turn_guest(
	sim_call *call, const sim_guest *g, turn t, sim_guest_doc *doc, nc_error *err)
{
	switch (t) {
	case BOOT:
		return boot(call, g, doc, err);
	case RUN:
		doc->power = SIM_POWER_RUNNING;
		return NC_OK;
	case OFF:
		doc->power = SIM_POWER_STOPPED;
		return NC_OK;
	case PAUSE:
		doc->power = SIM_POWER_PAUSED;
		return NC_OK;
	case SUSPEND:
		doc->power = SIM_POWER_SUSPENDED;
		return NC_OK;
	default:
		return NC_OK;
	}
}

static nc_code power(sim_call *call, nc_error *err)
{
	const nc_compute_power_request *req = call->req;
	nc_compute_power_result *res = call->res;
	sim_guest *g;
	sim_guest_doc doc;
	turn t;
	nc_code rc = sim_guest_find(call, req->native_id, req->uuid, &req->tag, &g, err);

	if (rc != NC_OK)
		return rc;
	doc = *g->doc;
	t = (turn)turns[req->action][doc.power];
	if (t == NO)
		return nc_plug_fail(err, NC_E_CONFLICT, NC_ERR_USER_FAULT,
			"Bring it to a state from which that can be done: resume, wake or start "
			"it.",
			"can't %s guest \"%s\": it is %s",
			nc_msg_enum_name(nc_power_action_names, req->action), doc.native_id,
			nc_msg_enum_name(nc_power_names, doc.power));
	if (asks_guest(&doc, req) && is_deaf(call->inst, doc.native_id)) {
		if (req->mode == NC_POWER_MODE_GRACEFUL)
			return nc_plug_fail(err, NC_E_TIMEOUT, 0,
				"Stop it with mode force, or look at its console.",
				"guest \"%s\" did not answer in time", doc.native_id);
		res->forced = true;
	}
	res->has_forced = true;
	rc = turn_guest(call, g, t, &doc, err);
	if (rc != NC_OK)
		return rc;
	if (t != STAY)
		sim_txn_put_guest(&call->txn, &doc);
	res->native_id = doc.native_id;
	res->changed = t != STAY;
	res->power = doc.power;
	res->obs_seq = t != STAY ? (int64_t)call->txn.seq : doc.obs_seq;
	return NC_OK;
}

const sim_verb sim_verbs_power[] = {
	{ .name = "compute.power",
		.request = &nc_compute_power_request_msg,
		.result = &nc_compute_power_result_msg,
		.act = power,
		.lasts_ms = power_lasts,
		.phase = "power" },
	{ .name = NULL },
};
