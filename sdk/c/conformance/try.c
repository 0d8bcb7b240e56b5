/* SPDX-License-Identifier: Apache-2.0 */
/* Calling verbs as the kernel would, and finding out afterwards what is true. */
#include "try.h"

#include <stdlib.h>
#include <string.h>

static unsigned patience_ms(const kit_stage *s)
{
	return (unsigned)s->h->folder->time_ms;
}

kit_op *kit_try(kit_stage *s, const kit_verb *v, const kit_how *how)
{
	nc_verb_fn fn = kit_verb_slot(s->h, v);
	char key[NC_OP_KEY_MAX + 1];
	nc_plug_buf req = NC_PLUG_BUF(65536);
	nc_error err = { .struct_size = sizeof(err) };
	kit_op *op;
	nc_code rc;

	if (!fn)
		return NULL;
	if (how->key)
		(void)snprintf(key, sizeof(key), "%s", how->key);
	else
		kit_stage_key(s, key);
	if (how->request)
		nc_plug_buf_puts(&req, how->request);
	else
		(void)v->request(s, &req);
	op = kit_op_new(s->h, v->name, key);
	op->stop_at = how->stop_at;
	op->stop_at_reason = how->stop_reason;
	if (how->is_stopped_before) {
		op->stop_reason = how->stop_reason;
		op->stopped_ns = kit_mono_ns();
	}
	if (how->deadline_ms)
		op->deadline_ns = kit_mono_ns() + how->deadline_ms * 1000000ull;
	kit_thread_class = NC_THREAD_WORKER;
	rc = fn(s->h->inst, op->op, nc_plug_str(kit_stage_target(s, v)), nc_plug_buf_bytes(&req),
		&err);
	nc_plug_buf_done(&req);
	if (kit_op_started(s->h, op, rc, &err) && how->wait)
		(void)kit_try_end(s, op);
	return op;
}

bool kit_try_end(kit_stage *s, kit_op *op)
{
	if (op->is_refused || kit_op_wait(s->h, op, patience_ms(s)))
		return true;
	kit_broken(s->h, "P4", op->verb, "accepted and not completed after %u ms", patience_ms(s));
	return false;
}

static nc_recover_fn recover_slot(kit_host *h, const kit_verb *v)
{
	kit_verb as_verb = { .ext = v->recover_ext, .offset = v->recover_offset };
	nc_verb_fn slot = v->recover_ext ? kit_verb_slot(h, &as_verb) : NULL;
	nc_recover_fn fn;

	memcpy(&fn, &slot, sizeof(fn));
	return fn;
}

static void write_question(kit_stage *s, const kit_verb *v, const char *key, nc_plug_buf *out)
{
	nc_plug_buf req = NC_PLUG_BUF(65536);
	nc_compute_recover_request ask = { .key = key, .verb = v->name };

	(void)v->request(s, &req);
	ask.request = nc_plug_buf_bytes(&req);
	(void)nc_msg_write(&nc_compute_recover_request_msg, &ask, out, NULL);
	nc_plug_buf_done(&req);
}

bool kit_recover(kit_stage *s, const kit_verb *v, const char *key, kit_recovery *ret)
{
	nc_recover_fn fn = recover_slot(s->h, v);
	nc_plug_buf ask = NC_PLUG_BUF(65536);
	struct nc_sink *sink;

	*ret = (kit_recovery){ .state = NC_REC_UNKNOWN,
		.err = { .struct_size = sizeof(nc_error) } };
	if (!fn)
		return false;
	write_question(s, v, key, &ask);
	sink = kit_sink_new(s->h);
	ret->op = kit_op_new(s->h, v->name, key);
	kit_thread_class = NC_THREAD_WORKER;
	ret->rc = fn(s->h->inst, ret->op->op, nc_plug_str(kit_stage_target(s, v)),
		nc_plug_buf_bytes(&ask), &ret->state, sink, &ret->err);
	nc_plug_buf_done(&ask);
	kit_output_error(s->h, "an error", &ret->err);
	if (ret->rc == NC_OK && ret->state == NC_REC_RUNNING) {
		(void)kit_op_started(s->h, ret->op, NC_OK, &ret->err);
		(void)kit_try_end(s, ret->op);
	} else if (ret->op->n_complete) {
		kit_broken(s->h, "P4", v->name, "recover completed an operation that does not run");
	}
	if (ret->rc == NC_OK && ret->state == NC_REC_DONE && !ret->op->result)
		ret->op->result = strdup(sink->n ? kit_sink_first(sink) : "");
	ret->result = ret->op->result;
	kit_sink_free(sink);
	return true;
}

static int by_outcome(int32_t outcome)
{
	return outcome == NC_DONE                                          ? 1
	       : outcome == NC_CANCELLED || outcome == NC_FAILED_NO_EFFECT ? 0
									   : -1;
}

int kit_truth(kit_stage *s, const kit_verb *v, const kit_op *op, char why[200])
{
	kit_recovery r;
	int known = op->is_refused ? 0 : by_outcome(op->outcome);

	(void)snprintf(why, 200, "the outcome was %d", op->is_refused ? -1 : op->outcome);
	if (known >= 0 || !kit_recover(s, v, op->key, &r) || r.rc != NC_OK)
		return known;
	(void)snprintf(why, 200, "recover said %d", r.state);
	if (r.state == NC_REC_RUNNING)
		return r.op->is_complete ? by_outcome(r.op->outcome) : -1;
	return r.state == NC_REC_DONE ? 1 : r.state == NC_REC_ABSENT ? 0 : -1;
}

bool kit_check_answer(const kit_verb *v, const char *text, const char *rule)
{
	const nc_msg *msg = nc_msg_find(v->answer);
	_Alignas(max_align_t) char out[640];
	nc_msg_mem mem = { 0 };
	nc_error err = { .struct_size = sizeof(err) };
	nc_code rc = nc_msg_read(msg, nc_plug_str(text ? text : ""), &mem, out, &err);

	nc_msg_done(&mem);
	if (rc != NC_OK)
		kit_found(rule, v->name, KIT_FAIL, "an answer that breaks %s: %s", v->answer,
			err.message);
	return rc == NC_OK;
}

char *kit_identity(const char *result)
{
	static const char *const names[] = { "snapshot", "backup", "volume", "native_id" };
	json_t *doc = result ? json_loads(result, 0, NULL) : NULL;
	const char *id = "";
	char *copy;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !*id; i++) {
		const char *value = json_string_value(json_object_get(doc, names[i]));

		id = value ? value : id;
	}
	copy = strdup(id);
	json_decref(doc);
	if (!copy)
		abort();
	return copy;
}
