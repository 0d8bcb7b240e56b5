/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What became of an earlier call. First by its key, as the provider remembers it; for what creates
 * also by native identity and tag, since those outlive the memory of keys. Worker threads.
 */
#define NC_PLUG_DOMAIN "sim"
#include <string.h>

#include "guest.h"

typedef struct answer {
	int32_t state;
	nc_plug_buf result; /* of DONE */
} answer;

static void failed(const sim_end_doc *end, nc_error *err)
{
	nc_plug_fail(err, end->has_code ? (nc_code)end->code : NC_E_INTERNAL, 0,
		"It is over; what it left is to be seen with inventory.", "%s",
		end->message ? end->message : "it failed");
}

static void by_end(const sim_end_doc *end, answer *ret, nc_error *err)
{
	switch (end->outcome) {
	case SIM_OUTCOME_DONE:
		ret->state = NC_REC_DONE;
		nc_plug_buf_put(&ret->result, end->result.ptr, end->result.len);
		return;
	case SIM_OUTCOME_FAILED:
		ret->state = NC_REC_FAILED;
		failed(end, err);
		return;
	default: /* lost on its way, or cancelled before it acted */
		ret->state = NC_REC_ABSENT;
	}
}

/* It runs: `op` takes the place of who waited before. */
static nc_op reattach(struct nc_inst *inst, sim_work *w, nc_op op)
{
	nc_op before = sim_work_detach(inst, w);

	sim_work_attach(inst, w, op);
	return before;
}

/* A guest that this very call made, though its key is forgotten. */
static nc_code by_guest(
	struct nc_inst *inst, const char *key, nc_bytes request, answer *ret, nc_error *err)
{
	nc_compute_create_request req;
	nc_compute_create_result res = { .provider_data = nc_plug_str("{}") };
	nc_msg_mem mem = { 0 };
	const sim_guest *g = NULL;
	nc_code rc = nc_msg_read(&nc_compute_create_request_msg, request, &mem, &req, err);

	if (rc == NC_OK) {
		const char *native_id = sim_format(&mem, "sim-%s", req.uuid);

		g = native_id ? sim_world_guest(&inst->world, native_id) : NULL;
	}
	if (g && strcmp(g->doc->made_by, key) == 0 &&
		sim_check_owner("guest", g->doc->native_id, &g->doc->tag, &req.tag, NULL) ==
			NC_OK) {
		res.native_id = g->doc->native_id;
		res.power = g->doc->power;
		res.obs_seq = g->doc->obs_seq;
		rc = sim_guest_addresses(inst, g->doc, &mem, &res.addresses, &res.n_addresses);
		if (rc == NC_OK)
			rc = nc_msg_write(&nc_compute_create_result_msg, &res, &ret->result, err);
		ret->state = NC_REC_DONE;
	}
	nc_msg_done(&mem);
	return rc;
}

static nc_code find(struct nc_inst *inst, nc_op op, const nc_compute_recover_request *req,
	answer *ret, nc_op *ret_before, nc_error *err)
{
	const sim_op *known = sim_ops_get(&inst->ops, req->key);

	ret->state = NC_REC_ABSENT;
	if (inst->is_draining || inst->is_closing)
		return nc_plug_fail(err, NC_E_UNAVAILABLE, NC_ERR_RETRYABLE,
			"Ask the next generation of the plugin.",
			"the instance is closing and takes no more calls");
	if (known && known->work) {
		if (!sim_map_reserve(&inst->work_by_op, 1))
			return nc_plug_nomem(err);
		*ret_before = reattach(inst, known->work, op);
		ret->state = NC_REC_RUNNING;
		return NC_OK;
	}
	if (known && known->end) {
		by_end(known->end, ret, err);
		return ret->result.error == NC_OK ? NC_OK : nc_plug_nomem(err);
	}
	if (strcmp(req->verb, "compute.create") == 0)
		return by_guest(inst, req->key, req->request, ret, err);
	return NC_OK;
}

nc_code sim_recover(nc_inst *inst, nc_op op, nc_bytes target, nc_bytes req, int32_t *ret_state,
	nc_sink *sink, nc_error *err)
{
	char host[SIM_TARGET_MAX];
	nc_compute_recover_request parsed;
	nc_msg_mem mem = { 0 };
	nc_error inner = { .struct_size = sizeof(inner) };
	answer a = { NC_REC_UNKNOWN, NC_PLUG_BUF(NC_RESULT_MAX) };
	nc_op before = { 0 };
	nc_code rc = sim_target_copy(target, host, err);

	if (rc == NC_OK)
		rc = nc_msg_read(&nc_compute_recover_request_msg, req, &mem, &parsed, err);
	if (rc == NC_OK && !sim_verb_find(parsed.verb))
		rc = nc_plug_fail(err, NC_E_UNSUPPORTED, NC_ERR_USER_FAULT,
			"Name the verb as its schema is named: compute.create, migrate.start.",
			"there is no verb \"%s\" to recover", parsed.verb);
	if (rc == NC_OK)
		rc = sim_query_enter(inst, "compute.recover", op, host, err);
	if (rc == NC_OK) {
		pthread_mutex_lock(&inst->lock);
		rc = find(inst, op, &parsed, &a, &before, &inner);
		pthread_mutex_unlock(&inst->lock);
		if (err && inner.code != NC_OK)
			*err = inner;
	}
	if (before.v) /* whoever waited for it before does so no longer */
		inst->host->op_complete(
			inst->host->ctx, before, NC_DETACHED, NULL, (nc_bytes){ NULL, 0 });
	if (rc == NC_OK && a.state == NC_REC_DONE) {
		rc = inst->host->sink_write(sink, a.result.ptr, a.result.len);
		if (rc != NC_OK)
			nc_plug_fail(err, rc, 0, "Ask again.", "the host does not take the result");
	}
	if (rc == NC_OK)
		*ret_state = a.state;
	nc_plug_buf_done(&a.result);
	nc_msg_done(&mem);
	return rc;
}
