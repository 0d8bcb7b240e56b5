/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a verb's call begins: read the request, look the key up, ask fate, then act at once or leave
 * it to the timer thread. Runs on the host's worker threads. It must never hold the lock when it
 * calls the host, and touch the operation only after it was accepted.
 */
#define NC_PLUG_DOMAIN "sim"
#include <string.h>

#include "verb.h"

nc_code sim_target_copy(nc_bytes target, char out[SIM_TARGET_MAX], nc_error *err)
{
	if (target.len >= SIM_TARGET_MAX || (target.len && memchr(target.ptr, 0, target.len)))
		return nc_plug_fail(err, NC_E_INVAL, NC_ERR_USER_FAULT,
			"Name a host as fingerprint does, or a pool as pools does.",
			"a target of %zu bytes is no name", target.len);
	if (target.len)
		memcpy(out, target.ptr, target.len);
	out[target.len] = '\0';
	return NC_OK;
}

/* A string member of a request by its name; "" when the request has none such. */
static const char *member(const nc_msg *msg, const void *req, const char *name)
{
	for (size_t i = 0; i < msg->n_fields; i++) {
		const nc_msg_field *f = &msg->fields[i];

		if (f->type == NC_MSG_STR && strcmp(f->name, name) == 0) {
			const char *const *s = (const void *)((const char *)req + f->offset);

			return *s ? *s : "";
		}
	}
	return "";
}

static const char *name_of(const struct nc_inst *inst, const sim_verb *verb, const void *req)
{
	const char *name = member(verb->request, req, "name");
	const sim_guest *g =
		*name ? NULL
		      : sim_world_guest(&inst->world, member(verb->request, req, "native_id"));

	return g ? g->doc->name : name;
}

sim_fate sim_fate_for(const struct nc_inst *inst, const sim_work *w)
{
	_Alignas(max_align_t) char parsed[640];
	nc_bytes text = { w->request, w->request_len };
	nc_msg_mem mem = { 0 };
	sim_question q = { .verb = w->verb->name,
		.key = w->known->key,
		.host = w->target,
		.name = "",
		.attempt = w->attempt };
	sim_fate fate;

	if (nc_msg_read(w->verb->request, text, &mem, parsed, NULL) == NC_OK)
		q.name = name_of(inst, w->verb, parsed);
	fate = sim_fate_of(inst->cfg, &q);
	nc_msg_done(&mem);
	/* It began, so it neither hangs nor got lost, whatever the configuration says now. */
	if (fate.kind == SIM_FATE_HANGS || fate.kind == SIM_FATE_LOST_BEFORE)
		fate.kind = SIM_FATE_ACTS;
	return fate;
}

static nc_code check_target(
	const struct nc_inst *inst, sim_target kind, const char *target, nc_error *err)
{
	if (!*target)
		return NC_OK; /* an act that needs one says so */
	if (kind == SIM_ON_HOST && !sim_world_host(&inst->world, target))
		return nc_plug_fail(err, NC_E_NOTFOUND, NC_ERR_USER_FAULT,
			"Take the name of a host from fingerprint.", "there is no host \"%s\"",
			target);
	if (kind == SIM_ON_POOL && !sim_world_pool(&inst->world, target))
		return nc_plug_fail(err, NC_E_NOTFOUND, NC_ERR_USER_FAULT,
			"Take the name of a pool from volume.pools.", "there is no pool \"%s\"",
			target);
	if (sim_glob_any(inst->cfg->down_hosts, inst->cfg->n_down_hosts, target))
		return nc_plug_fail(err, NC_E_UNAVAILABLE, NC_ERR_RETRYABLE,
			"Take it out of down_hosts, or choose another host.", "host %s is down",
			target);
	return NC_OK;
}

/* The same key again. NC_OK with *ret_number set: go on; with 0: it was done, *ret has the result. */
static nc_code check_key(const sim_op *known, const sim_verb *verb, nc_bytes req,
	int64_t *ret_number, sim_answer *ret, nc_error *err)
{
	*ret_number = 1;
	if (!known)
		return NC_OK;
	if (known->work)
		return nc_plug_fail(err, NC_E_BUSY, NC_ERR_RETRYABLE,
			"Ask recover; it attaches to what runs.",
			"an operation with the key \"%s\" is running", known->key);
	if (!known->end)
		return NC_OK;
	*ret_number = known->end->attempt + 1;
	if (known->end->outcome != SIM_OUTCOME_DONE)
		return NC_OK;
	if (strcmp(known->end->verb, verb->name) != 0 ||
		known->end->request_crc != nc_plug_crc32c(0, req.ptr, req.len))
		return nc_plug_fail(err, NC_E_CONFLICT, NC_ERR_USER_FAULT,
			"A key belongs to one request; make another for another.",
			"the key \"%s\" was used for another %s", known->key, known->end->verb);
	*ret_number = 0;
	ret->outcome = NC_DONE;
	nc_plug_buf_put(&ret->result, known->end->result.ptr, known->end->result.len);
	return ret->result.error == NC_OK ? NC_OK : nc_plug_nomem(err);
}

/* The provider has it: from here on it goes on without us, and a restart finds it. */
static nc_code note_begin(struct nc_inst *inst, sim_work *w, int64_t in_ms, nc_error *err)
{
	sim_begin_doc begin = { .key = w->known->key,
		.verb = w->verb->name,
		.target = w->target,
		.attempt = w->attempt,
		.request = { w->request, w->request_len } };
	sim_txn txn;
	nc_code rc;

	if (w->fate.kind == SIM_FATE_HANGS || w->fate.kind == SIM_FATE_LOST_BEFORE)
		return NC_OK; /* the provider never heard of it */
	sim_txn_init(&txn, inst);
	begin.due_ms = w->due_ms = txn.now_ms + in_ms;
	rc = sim_txn_commit(&txn, &begin, NULL, err);
	w->has_begun = rc == NC_OK;
	sim_txn_done(&txn);
	return rc;
}

static nc_code begin_work(
	struct nc_inst *inst, const sim_attempt *a, nc_op op, int64_t in_ms, nc_error *err)
{
	sim_work *w = sim_work_new(inst, a, op, err);
	nc_code rc = w ? note_begin(inst, w, in_ms, err) : NC_E_NOMEM;

	if (rc != NC_OK) {
		if (w)
			sim_work_free(inst, w);
		return rc;
	}
	if (a->verb->checkpoints && NC_HAS(inst->host, op_checkpoint)) {
		w->is_waiting = true;
		w->start_ns = sim_mono_ns();
		w->act_ns = w->start_ns + (uint64_t)in_ms * 1000000u;
	} else if (a->fate.kind != SIM_FATE_HANGS) {
		sim_work_schedule(inst, w, in_ms);
	}
	return NC_OK;
}

/* On the control thread: nothing but a note for the timer thread. */
static void on_checkpoint(nc_inst *inst, nc_op op, nc_code code, uint64_t user)
{
	(void)code; /* kept or not: the truth has the begin line, which is all recover needs */
	(void)user;
	sim_op_stop(inst, op, SIM_STOP_CHECKPOINTED);
}

/* A work that waits for its checkpoint is not completed before we have asked for it here, because
 * the operation would be stale then; see stop_work in timer.c. */
static void ask_checkpoint(struct nc_inst *inst, nc_op op, const char *key)
{
	const nc_host *h = inst->host;
	nc_code rc = h->op_checkpoint(h->ctx, op, nc_plug_str(key), on_checkpoint, 0);
	sim_work *w;

	pthread_mutex_lock(&inst->lock);
	w = sim_work_of(inst, op);
	if (w)
		w->is_asked = true;
	pthread_mutex_unlock(&inst->lock);
	if (rc != NC_OK) /* it can't keep one: go on without */
		sim_op_stop(inst, op, SIM_STOP_CHECKPOINTED);
}

/* After the lock: what the host must be told or asked about a work that was just begun. */
static void after_begin(struct nc_inst *inst, const sim_verb *verb, nc_op op, const char *key)
{
	const nc_host *h = inst->host;

	if (verb->checkpoints && NC_HAS(h, op_checkpoint))
		ask_checkpoint(inst, op, key);
	/* A stop may have come before the work could be found by it. */
	if (h->op_stop_reason(h->ctx, op) != NC_RUN)
		sim_op_stop(inst, op, h->op_stop_reason(h->ctx, op));
	sim_wake(inst);
}

typedef struct submission {
	nc_op op;
	const char *key, *target;
	nc_bytes req;
	const void *parsed;
	bool is_now;     /* answered in `answer`, else work was begun */
	bool is_blocked; /* the call is to hang without being taken */
	sim_answer answer;
} submission;

/* Under the lock. */
static nc_code submit_locked(
	struct nc_inst *inst, const sim_verb *verb, submission *s, nc_error *err)
{
	sim_op *known = sim_ops_get(&inst->ops, s->key);
	sim_attempt a = { .verb = verb, .target = s->target, .request = s->req };
	int64_t in_ms;
	nc_code rc;

	if (inst->is_draining || inst->is_closing)
		return nc_plug_fail(err, NC_E_UNAVAILABLE, NC_ERR_RETRYABLE,
			"Try again when the next generation of the plugin is up.",
			"the instance is closing and takes no more calls");
	rc = check_target(inst, verb->target, s->target, err);
	if (rc == NC_OK)
		rc = check_key(known, verb, s->req, &a.number, &s->answer, err);
	s->is_now = rc == NC_OK && a.number == 0;
	if (rc != NC_OK || s->is_now)
		return rc;
	a.fate = sim_fate_of(inst->cfg, &(sim_question){ .verb = verb->name,
						.key = s->key,
						.host = s->target,
						.name = name_of(inst, verb, s->parsed),
						.attempt = a.number });
	s->is_blocked =
		a.fate.kind == SIM_FATE_HANGS && inst->cfg->hang_mode == SIM_HANG_MODE_BLOCK;
	if (s->is_blocked)
		return NC_OK;
	a.known = known ? known : sim_ops_add(&inst->ops, s->key);
	if (!a.known)
		return nc_plug_nomem(err);
	in_ms = a.fate.latency_ms + (verb->lasts_ms ? verb->lasts_ms(inst, s->parsed) : 0);
	s->is_now = in_ms == 0 && a.fate.kind != SIM_FATE_HANGS;
	if (s->is_now)
		sim_perform(inst, &a, &s->answer);
	else
		rc = begin_work(inst, &a, s->op, in_ms, err);
	if (rc != NC_OK || s->is_now)
		sim_ops_drop_idle(&inst->ops, a.known);
	return rc;
}

static nc_code hang(struct nc_inst *inst, nc_op op, const char *target, nc_error *err)
{
	nc_code rc;
	uint64_t until;

	pthread_mutex_lock(&inst->lock);
	until = sim_mono_ns() + (uint64_t)inst->cfg->hang_max_ms * 1000000u;
	pthread_mutex_unlock(&inst->lock);
	rc = sim_sleep(inst, op, until, false, err);
	if (rc != NC_OK)
		return rc;
	return nc_plug_fail(err, NC_E_TIMEOUT, NC_ERR_RETRYABLE,
		"This hang is drawn from the configuration; nothing was done.",
		"host %s did not answer for hang_max_ms", target);
}

nc_code sim_submit(
	nc_inst *inst, const sim_verb *verb, nc_op op, nc_bytes target, nc_bytes req, nc_error *err)
{
	_Alignas(max_align_t) char parsed[640];
	char name[SIM_TARGET_MAX], key[NC_OP_KEY_MAX + 1];
	const char *host_key = inst->host->op_key(inst->host->ctx, op);
	submission s = { .op = op,
		.key = key,
		.target = name,
		.req = req,
		.parsed = parsed,
		.answer = SIM_ANSWER_INIT };
	nc_msg_mem mem = { 0 };
	nc_code rc = sim_target_copy(target, name, err);

	if (!host_key || !*host_key || strlen(host_key) > NC_OP_KEY_MAX)
		return nc_plug_fail(err, NC_E_INVAL, 0, "This is a fault of the host.",
			"%s without an operation key of 1 to %u characters", verb->name,
			NC_OP_KEY_MAX);
	memcpy(key, host_key, strlen(host_key) + 1);
	if (rc == NC_OK)
		rc = nc_msg_read(verb->request, req, &mem, parsed, err);
	if (rc == NC_OK && verb->prepare)
		rc = verb->prepare(inst, parsed, err);
	if (rc == NC_OK) {
		pthread_mutex_lock(&inst->lock);
		rc = submit_locked(inst, verb, &s, err);
		pthread_mutex_unlock(&inst->lock);
	}
	nc_msg_done(&mem);
	if (rc == NC_OK && s.is_blocked)
		rc = hang(inst, op, name, err);
	else if (rc == NC_OK && s.is_now)
		sim_tell(inst, op, &s.answer);
	else if (rc == NC_OK)
		after_begin(inst, verb, op, key);
	nc_plug_buf_done(&s.answer.result);
	return rc;
}

nc_code sim_query_enter(
	nc_inst *inst, const char *verb, nc_op op, const char *target, nc_error *err)
{
	sim_question q = {
		.verb = verb, .key = "", .host = target, .name = "", .attempt = 1, .is_query = true
	};
	sim_fate fate;
	uint64_t until;
	bool is_blocked;
	nc_code rc;

	pthread_mutex_lock(&inst->lock);
	rc = check_target(inst, SIM_ON_ANY, target, err);
	fate = sim_fate_of(inst->cfg, &q);
	is_blocked = fate.kind == SIM_FATE_HANGS && inst->cfg->hang_mode == SIM_HANG_MODE_BLOCK;
	until = sim_mono_ns() + 1000000u * (uint64_t)(fate.kind == SIM_FATE_HANGS
							      ? inst->cfg->hang_max_ms
							      : fate.latency_ms);
	pthread_mutex_unlock(&inst->lock);
	if (rc == NC_OK && (fate.kind == SIM_FATE_HANGS || fate.latency_ms))
		rc = sim_sleep(inst, op, until, !is_blocked, err);
	if (rc == NC_OK && fate.kind != SIM_FATE_ACTS)
		return nc_plug_fail(err, fate.kind == SIM_FATE_HANGS ? NC_E_TIMEOUT : fate.code,
			NC_ERR_RETRYABLE, "This is drawn from the configuration; try again.",
			"%s on %s failed as it was to", verb, *target ? target : "all hosts");
	return rc;
}
