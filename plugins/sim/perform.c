/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One attempt of one verb: what fate has for it, the act itself, the line of the truth, what is
 * known of its key from now on. Called under the instance's lock, by a worker for calls that take
 * no time and by the timer thread for the others; telling the host comes after the lock.
 */
#define NC_PLUG_DOMAIN "sim"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "guest.h"

#define REQ_MAX 640 /* of the structs of requests and results; see the assertion in verbs.c */

static const char lost_hint[] = "Ask recover what became of it before trying again.";

static uint64_t keep_ops(const struct nc_inst *inst)
{
	return (uint64_t)inst->cfg->remember_ops;
}

static sim_end_doc end_of(const sim_attempt *a, int32_t outcome)
{
	sim_end_doc end = { .key = a->known->key,
		.verb = a->verb->name,
		.attempt = a->number,
		.request_crc = nc_plug_crc32c(0, a->request.ptr, a->request.len),
		.outcome = outcome };

	return end;
}

/* Commit what is staged together with how it ended. Then, and only then, the key is known so. */
static nc_code commit(sim_txn *txn, const sim_attempt *a, const sim_end_doc *end, nc_error *err)
{
	sim_end_doc *packed = nc_msg_pack(&sim_end_doc_msg, end);
	nc_code rc;

	if (!packed)
		return nc_plug_nomem(err);
	rc = sim_txn_commit(txn, NULL, end, err);
	if (rc != NC_OK) {
		free(packed);
		return rc;
	}
	sim_ops_end(&txn->inst->ops, a->known, packed, keep_ops(txn->inst));
	return NC_OK;
}

bool sim_note_end(struct nc_inst *inst, const sim_attempt *a, int32_t outcome, nc_code code,
	const char *message)
{
	sim_end_doc end = end_of(a, outcome);
	sim_txn txn;
	nc_code rc;

	end.code = code;
	end.has_code = code != NC_OK;
	end.message = message;
	sim_txn_init(&txn, inst);
	rc = commit(&txn, a, &end, NULL);
	sim_txn_done(&txn);
	return rc == NC_OK;
}

static void fail(struct nc_inst *inst, const sim_attempt *a, sim_answer *ret)
{
	nc_plug_fail(&ret->err, a->fate.code, NC_ERR_RETRYABLE,
		"This failure is drawn from failure_rate or a fault of the configuration; try "
		"again.",
		"%s on %s failed as it was to (attempt %lld)", a->verb->name,
		*a->target ? a->target : "the instance", (long long)a->number);
	ret->outcome = NC_FAILED_NO_EFFECT;
	/* Not being able to note it leaves the key as it was: recover says ABSENT, which is true. */
	(void)sim_note_end(inst, a, SIM_OUTCOME_FAILED, ret->err.code, ret->err.message);
}

static void lose(const sim_attempt *a, sim_answer *ret)
{
	nc_plug_fail(&ret->err, NC_E_UNAVAILABLE, NC_ERR_OUTCOME_UNKNOWN, lost_hint,
		"the answer to %s on %s was lost (attempt %lld)", a->verb->name,
		*a->target ? a->target : "the instance", (long long)a->number);
	ret->outcome = NC_UNKNOWN;
	nc_plug_buf_reset(&ret->result);
}

static void fail_partial(const sim_attempt *a, sim_answer *ret)
{
	nc_plug_fail(&ret->err, a->fate.code, 0,
		"The guest is there and stopped: start it, or remove it and try again.",
		"%s on %s made the guest, which then did not start", a->verb->name, a->target);
	ret->outcome = NC_FAILED_PARTIAL;
	nc_plug_buf_reset(&ret->result);
}

/* The act and its line. NC_OK: it is done, and ret->result says so. */
static nc_code act(struct nc_inst *inst, const sim_attempt *a, sim_call *call, sim_answer *ret)
{
	sim_end_doc end = end_of(a, SIM_OUTCOME_DONE);
	nc_code rc = a->verb->act(call, &ret->err);
	const char *booted = NULL;

	/* A copy: what act named it by may be the document that the commit replaces. */
	if (rc == NC_OK && call->booted)
		booted = sim_format(call->mem, "%s", call->booted);
	if (rc == NC_OK && (call->txn.error != NC_OK || (call->booted && !booted)))
		rc = nc_plug_nomem(&ret->err);
	if (rc == NC_OK)
		rc = nc_msg_write(a->verb->result, call->res, &ret->result, &ret->err);
	if (rc != NC_OK)
		return rc;
	end.result = nc_plug_buf_bytes(&ret->result);
	if (call->is_partial) {
		end.outcome = SIM_OUTCOME_FAILED;
		end.code = a->fate.code;
		end.has_code = true;
		end.message = "the guest was made and did not start";
	}
	rc = commit(&call->txn, a, &end, &ret->err);
	if (rc == NC_OK && booted)
		sim_events_after_boot(inst, booted);
	return rc;
}

static void act_and_answer(struct nc_inst *inst, const sim_attempt *a, sim_answer *ret)
{
	_Alignas(max_align_t) char req[REQ_MAX], res[REQ_MAX] = { 0 };
	nc_msg_mem mem = { 0 };
	sim_call call = { .inst = inst,
		.verb = a->verb,
		.key = a->known->key,
		.target = a->target,
		.req = req,
		.res = res,
		.mem = &mem,
		.is_partial = a->fate.kind == SIM_FATE_PARTIAL };
	nc_code rc = nc_msg_read(a->verb->request, a->request, &mem, req, &ret->err);

	sim_txn_init(&call.txn, inst);
	if (rc == NC_OK)
		rc = act(inst, a, &call, ret);
	if (rc != NC_OK) {
		ret->outcome = NC_FAILED_NO_EFFECT;
		nc_plug_buf_reset(&ret->result);
		(void)sim_note_end(inst, a, SIM_OUTCOME_FAILED, rc, ret->err.message);
	} else if (call.is_partial) {
		fail_partial(a, ret);
	} else if (a->fate.kind == SIM_FATE_LOST_AFTER) {
		lose(a, ret);
	} else {
		ret->outcome = NC_DONE;
	}
	sim_txn_done(&call.txn);
	nc_msg_done(&mem);
}

void sim_perform(struct nc_inst *inst, const sim_attempt *a, sim_answer *ret)
{
	switch (a->fate.kind) {
	case SIM_FATE_FAILS:
		fail(inst, a, ret);
		return;
	case SIM_FATE_LOST_BEFORE:
		lose(a, ret);
		(void)sim_note_end(inst, a, SIM_OUTCOME_LOST, NC_OK, NULL);
		return;
	default:
		act_and_answer(inst, a, ret);
	}
}

void sim_tell(struct nc_inst *inst, nc_op op, sim_answer *answer)
{
	if (op.v)
		inst->host->op_complete(inst->host->ctx, op, answer->outcome,
			answer->err.code != NC_OK ? &answer->err : NULL,
			nc_plug_buf_bytes(&answer->result));
	nc_plug_buf_done(&answer->result);
}
