/* SPDX-License-Identifier: Apache-2.0 */
/* What a verb promises: each claimed verb goes through each of these. */
#include <stdlib.h>
#include <string.h>

#include "checks.h"

#define CANCEL_POINTS 200 /* of a verb with more host calls, so many of them */
#define STOP_WAIT_MS  30000

static void expect_effect(
	kit_stage *s, const kit_verb *v, const char *rule, int want, const char *when, bool *ok)
{
	int n = v->effect ? v->effect(s) : -1;

	if (n < 0 || n == want)
		return;
	*ok = false;
	if (n > 1)
		kit_found(rule, v->name, KIT_FAIL, "%s: it is there %d times", when, n);
	else
		kit_found(rule, v->name, KIT_FAIL, "%s: what it should have done is %s", when,
			n ? "done" : "not done");
}

/* Run it to DONE; false and a finding under `rule` when it does not get there. */
static kit_op *run(kit_stage *s, const kit_verb *v, const char *rule, const kit_how *how)
{
	kit_op *op = kit_try(s, v, how);

	if (!op->is_refused && op->is_complete && op->outcome == NC_DONE)
		return op;
	kit_found(rule, v->name, KIT_FAIL, "%s (code %d): %s",
		op->is_refused    ? "refused"
		: op->is_complete ? "did not succeed"
				  : "did not complete",
		op->err.code, op->err.message);
	return NULL;
}

void kit_check_query(const kit_folder *f, const void *arg)
{
	const kit_verb *v = arg;
	kit_host *h = kit_open(f, KIT_RESULT, v->name);
	nc_plug_buf req = NC_PLUG_BUF(65536);
	struct nc_sink *sink = NULL;
	kit_stage s;
	bool ok = true;

	kit_open_stage(&s, h, KIT_RESULT, v->name);
	if (kit_prepare(&s, v, KIT_RESULT)) {
		(void)v->request(&s, &req);
		sink = kit_query(&s, v->name, kit_stage_target(&s, v), req.ptr);
		for (const char *o = sink ? kit_sink_first(sink) : NULL; o && ok;
			o = kit_sink_next(sink, o))
			ok = kit_check_answer(v, o, KIT_RESULT);
		if (!sink)
			kit_found(KIT_RESULT, v->name, KIT_FAIL, "the query failed");
		else if (ok)
			kit_found(KIT_RESULT, v->name, sink->n ? KIT_PASS : KIT_NOT_EXERCISED,
				"%zu objects keep their schema", sink->n);
	}
	if (sink)
		kit_sink_free(sink);
	nc_plug_buf_done(&req);
	kit_finish(h);
}

void kit_check_result(const kit_folder *f, const void *arg)
{
	const kit_verb *v = arg;
	kit_host *h = kit_open(f, KIT_RESULT, v->name);
	kit_stage s;
	bool ok = true;

	kit_open_stage(&s, h, KIT_RESULT, v->name);
	if (kit_prepare(&s, v, KIT_RESULT)) {
		kit_op *op = run(&s, v, KIT_RESULT, &(kit_how){ .wait = true });

		ok = op && kit_check_answer(v, op->result, KIT_RESULT);
		if (ok)
			expect_effect(&s, v, KIT_RESULT, 1, "after it was done", &ok);
		if (ok)
			kit_found(KIT_RESULT, v->name, KIT_PASS, "%s",
				v->effect
					? ""
					: "its answer keeps the schema; the effect can't be seen");
	}
	kit_finish(h);
}

typedef struct twin {
	kit_stage *s;
	const kit_verb *v;
	const char *key;
	kit_op *op;
} twin;

static void *twin_main(void *arg)
{
	twin *t = arg;

	t->op = kit_try(t->s, t->v, &(kit_how){ .key = t->key, .wait = true });
	return NULL;
}

static bool is_done(const kit_op *op)
{
	return !op->is_refused && op->is_complete && op->outcome == NC_DONE;
}

/* The same key twice at once: one does it; the other gets the same answer or is refused. */
static void check_twins(kit_stage *s, const kit_verb *v, bool *ok)
{
	char key[NC_OP_KEY_MAX + 1], *a, *b;
	twin one = { s, v, key, NULL }, two = { s, v, key, NULL };
	pthread_t thread;

	if (!kit_stage_prepare(s, v->needs))
		return;
	kit_stage_key(s, key);
	if (pthread_create(&thread, NULL, twin_main, &one) != 0)
		return;
	(void)twin_main(&two);
	pthread_join(thread, NULL);
	if (!is_done(one.op) && !is_done(two.op)) {
		kit_found(KIT_REPEAT, v->name, KIT_FAIL,
			"the same key twice at once: neither is done");
		*ok = false;
		return;
	}
	a = kit_identity(is_done(one.op) ? one.op->result : two.op->result);
	b = kit_identity(is_done(two.op) ? two.op->result : one.op->result);
	if (strcmp(a, b) != 0) {
		kit_found(KIT_REPEAT, v->name, KIT_FAIL,
			"the same key twice at once made %s and %s", a, b);
		*ok = false;
	}
	free(a);
	free(b);
	expect_effect(s, v, KIT_REPEAT, 1, "the same key twice at once", ok);
}

/* Another key for what is there: refused, or told of the same; never a second one. */
static void check_other_key(kit_stage *s, const kit_verb *v, bool *ok)
{
	kit_op *op;

	if (!v->makes)
		return;
	op = kit_try(s, v, &(kit_how){ .wait = true });
	if (op->is_refused && op->err.code == NC_E_INVAL)
		return;
	expect_effect(s, v, KIT_REPEAT, 1, "another key for the same object", ok);
}

void kit_check_repeat(const kit_folder *f, const void *arg)
{
	const kit_verb *v = arg;
	kit_host *h = kit_open(f, KIT_REPEAT, v->name);
	char key[NC_OP_KEY_MAX + 1];
	kit_op *first, *again;
	kit_stage s;
	bool ok = true;

	kit_open_stage(&s, h, KIT_REPEAT, v->name);
	if (!kit_prepare(&s, v, KIT_REPEAT)) {
		kit_finish(h);
		return;
	}
	kit_stage_key(&s, key);
	first = run(&s, v, KIT_REPEAT, &(kit_how){ .key = key, .wait = true });
	again = first ? run(&s, v, KIT_REPEAT, &(kit_how){ .key = key, .wait = true }) : NULL;
	if (again) {
		char *a = kit_identity(first->result), *b = kit_identity(again->result);

		if (strcmp(a, b) != 0) {
			kit_found(KIT_REPEAT, v->name, KIT_FAIL, "the same key made %s, then %s", a,
				b);
			ok = false;
		}
		free(a);
		free(b);
		expect_effect(&s, v, KIT_REPEAT, 1, "the same key again", &ok);
		check_other_key(&s, v, &ok);
		check_twins(&s, v, &ok);
		if (ok)
			kit_found(KIT_REPEAT, v->name, KIT_PASS,
				"one after the other and at once; another key makes no second");
	}
	kit_finish(h);
}

/* After a stop: completed in time, and what it said is so. */
static void judge_stop(
	kit_stage *s, const kit_verb *v, kit_op *op, const char *rule, const char *when, bool *ok)
{
	char why[200], text[280];
	uint64_t took_ms;
	int truth;

	if (!op->is_refused && !kit_op_wait_stopped(s->h, op, STOP_WAIT_MS)) {
		kit_found(rule, v->name, KIT_NOT_EXERCISED, "%s: that is far in the future", when);
		if (!kit_try_end(s, op))
			return;
	}
	if (!op->is_refused && !kit_op_wait(s->h, op, 1500)) {
		kit_found("P9", v->name, KIT_FAIL, "%s: not over within 1.5 s", when);
		if (!kit_try_end(s, op))
			return;
	}
	took_ms = op->stopped_ns && op->completed_ns > op->stopped_ns
			  ? (op->completed_ns - op->stopped_ns) / 1000000u
			  : 0;
	if (took_ms > 1000)
		kit_found("P9", v->name, KIT_FAIL, "%s: over only after %llu ms", when,
			(unsigned long long)took_ms);
	else
		kit_found("P9", v->name, KIT_PASS, "within a second");
	truth = kit_truth(s, v, op, why);
	if (truth < 0)
		return; /* UNKNOWN is an honest answer */
	(void)snprintf(text, sizeof(text), "%s (%s)", when, why);
	expect_effect(s, v, rule, truth, text, ok);
}

/* How many host calls there are about one run, at each of which it is cancelled. */
static unsigned count_points(kit_stage *s, const kit_verb *v)
{
	kit_op *op = kit_stage_prepare(s, v->needs)
			     ? run(s, v, KIT_CANCEL, &(kit_how){ .wait = true })
			     : NULL;

	return op ? op->n_events : 0;
}

/* false: there was nothing to try it on. */
static bool cancel_at(kit_stage *s, const kit_verb *v, unsigned point, bool *ok)
{
	char key[NC_OP_KEY_MAX + 1], when[64];
	kit_op *op;

	if (!kit_stage_prepare(s, v->needs))
		return false;
	kit_stage_key(s, key);
	if (point)
		(void)snprintf(when, sizeof(when), "cancelled at host call %u", point);
	else
		(void)snprintf(when, sizeof(when), "cancelled before it was called");
	op = kit_try(s, v,
		&(kit_how){ .key = key,
			.stop_at = point,
			.stop_reason = NC_CANCEL,
			.is_stopped_before = !point });
	judge_stop(s, v, op, KIT_CANCEL, when, ok);
	if (op->is_complete && op->outcome == NC_CANCELLED) {
		/* Nothing was done, so the same call is free to be made again. */
		kit_op *again = run(s, v, KIT_CANCEL, &(kit_how){ .key = key, .wait = true });

		*ok &= again != NULL;
		if (again)
			expect_effect(s, v, KIT_CANCEL, 1, "made again after cancel", ok);
	}
	return true;
}

/* The i-th of 2^bits points: none, a half, a quarter, three quarters … Wherever one stops, those that
 * were tried are spread evenly. */
static unsigned nth_point(unsigned i, unsigned bits)
{
	unsigned point = 0;

	for (unsigned b = 0; b < bits; b++)
		point |= (i >> b & 1u) << (bits - 1 - b);
	return point;
}

/* How many of n points were tried: all, where they are few, there is time and the provider has room. */
static unsigned cancel_at_points(kit_stage *s, const kit_verb *v, unsigned n, bool *ok)
{
	unsigned bits = 0, tried = 0;

	while (bits < 31 && 1u << bits < n)
		bits++;
	for (unsigned i = 0; i < 1u << bits && tried < CANCEL_POINTS && kit_has_time(); i++) {
		unsigned point = nth_point(i, bits);

		if (point < n && !cancel_at(s, v, point, ok))
			break;
		tried += point < n;
	}
	return tried;
}

void kit_check_cancel(const kit_folder *f, const void *arg)
{
	const kit_verb *v = arg;
	kit_host *h = kit_open(f, KIT_CANCEL, v->name);
	kit_stage s;
	unsigned n, tried;
	bool ok = true;

	kit_open_stage(&s, h, KIT_CANCEL, v->name);
	n = count_points(&s, v);
	n += n > 0; /* and before the first */
	tried = cancel_at_points(&s, v, n, &ok);
	if (ok && tried && tried < n)
		kit_found(KIT_CANCEL, v->name, KIT_PASS, "at %u of %u points, spread evenly%s%s",
			tried, n, *s.why ? "; then " : "", s.why);
	else if (ok && tried)
		kit_found(KIT_CANCEL, v->name, KIT_PASS, "at each of %u points", n);
	kit_finish(h);
}

/* false: it was over before the deadline came. */
static bool deadline_once(const kit_folder *f, const kit_verb *v)
{
	kit_host *h = kit_open(f, KIT_DEADLINE, v->name);
	bool ok = true, was_in_time = true;
	kit_stage s;

	kit_open_stage(&s, h, KIT_DEADLINE, v->name);
	if (kit_prepare(&s, v, KIT_DEADLINE)) {
		kit_op *op = kit_try(&s, v, &(kit_how){ .deadline_ms = 20 });
		was_in_time = !op->is_refused && !kit_op_wait(h, op, 20);
		if (was_in_time) {
			kit_op_stop(h, op, NC_DEADLINE);
			judge_stop(&s, v, op, KIT_DEADLINE, "at its deadline", &ok);
			if (ok)
				kit_found(KIT_DEADLINE, v->name, KIT_PASS, "recover knows");
		}
	}
	kit_finish(h);
	return was_in_time;
}

/* On a machine with much else to do this thread may wake late: tried some times. */
void kit_check_deadline(const kit_folder *f, const void *arg)
{
	const kit_verb *v = arg;

	for (int i = 0; i < 5; i++)
		if (deadline_once(f, v))
			return;
	kit_found(KIT_DEADLINE, v->name, KIT_NOT_EXERCISED, "it is over before any deadline");
}

static bool expect_recovered(kit_stage *s, const kit_verb *v, const char *key, const char *when)
{
	kit_recovery r;

	if (!kit_recover(s, v, key, &r)) {
		kit_found(KIT_LOST, v->name, KIT_FAIL, "there is no recover for it");
		return false;
	}
	if (r.rc != NC_OK || (r.state != NC_REC_DONE &&
				     !(r.state == NC_REC_RUNNING && r.op->outcome == NC_DONE))) {
		if (r.rc == NC_OK && r.state == NC_REC_UNKNOWN && !v->makes)
			return true; /* it need not know; what it makes it must */
		kit_found(KIT_LOST, v->name, KIT_FAIL, "%s: recover answered state %d, code %d",
			when, r.state, r.rc);
		return false;
	}
	return kit_check_answer(v, r.result, KIT_LOST);
}

/* The reply is lost at once (the call may still run), or after it was given. */
static bool lose_one(kit_stage *s, const kit_verb *v, bool at_once)
{
	const char *when = at_once ? "lost at once" : "lost after it was done";
	char key[NC_OP_KEY_MAX + 1];
	bool ok = true;
	kit_op *op;

	kit_stage_key(s, key);
	op = kit_try(s, v, &(kit_how){ .key = key, .wait = !at_once });
	kit_op_lose(s->h, op);
	if (op->is_refused) {
		kit_found(KIT_LOST, v->name, KIT_FAIL, "refused: %s", op->err.message);
		return false;
	}
	if (!expect_recovered(s, v, key, when))
		return false;
	expect_effect(s, v, KIT_LOST, 1, when, &ok);
	if (ok && !run(s, v, KIT_LOST, &(kit_how){ .key = key, .wait = true }))
		return false;
	expect_effect(s, v, KIT_LOST, 1, "made again after it was lost", &ok);
	return ok;
}

void kit_check_lost(const kit_folder *f, const void *arg)
{
	const kit_verb *v = arg;
	kit_host *h = kit_open(f, KIT_LOST, v->name);
	kit_stage s;
	bool ok;

	kit_open_stage(&s, h, KIT_LOST, v->name);
	ok = kit_prepare(&s, v, KIT_LOST) && lose_one(&s, v, true) &&
	     kit_stage_prepare(&s, v->needs) && lose_one(&s, v, false);
	if (ok)
		kit_found(KIT_LOST, v->name, KIT_PASS, "found again, and not made twice");
	kit_finish(h);
}

void kit_check_recover(const kit_folder *f, const void *arg)
{
	const kit_verb *v = arg;
	kit_host *h = kit_open(f, KIT_RECOVER, v->name);
	char key[NC_OP_KEY_MAX + 1];
	kit_recovery never, done;
	kit_stage s;

	kit_open_stage(&s, h, KIT_RECOVER, v->name);
	if (!kit_prepare(&s, v, KIT_RECOVER)) {
		kit_finish(h);
		return;
	}
	kit_stage_key(&s, key);
	if (!kit_recover(&s, v, key, &never)) {
		kit_found(KIT_RECOVER, v->name, KIT_FAIL, "there is no recover for it");
	} else if (never.rc != NC_OK ||
		   (never.state != NC_REC_ABSENT && never.state != NC_REC_UNKNOWN)) {
		kit_found(KIT_RECOVER, v->name, KIT_FAIL, "a key never used: state %d, code %d: %s",
			never.state, never.rc, never.err.message);
	} else if (run(&s, v, KIT_RECOVER, &(kit_how){ .key = key, .wait = true })) {
		(void)kit_recover(&s, v, key, &done);
		if (done.rc != NC_OK ||
			(done.state != NC_REC_DONE && (v->makes || done.state != NC_REC_UNKNOWN)))
			kit_found(KIT_RECOVER, v->name, KIT_FAIL,
				"after it was done: state %d, code %d: %s", done.state, done.rc,
				done.err.message);
		else if (done.state != NC_REC_DONE || kit_check_answer(v, done.result, KIT_RECOVER))
			kit_found(KIT_RECOVER, v->name, KIT_PASS, "%s", "");
	}
	kit_finish(h);
}

void kit_check_closed(const kit_folder *f, const void *arg)
{
	const kit_verb *v = arg;
	kit_host *h = kit_open(f, KIT_CLOSED, v->name);
	nc_plug_buf req = NC_PLUG_BUF(65536);
	kit_stage s;
	bool ok = true;
	kit_op *op;

	kit_open_stage(&s, h, KIT_CLOSED, v->name);
	if (kit_prepare(&s, v, KIT_CLOSED)) {
		(void)v->request(&s, &req);
		req.len--; /* the closing brace */
		nc_plug_buf_puts(&req, ",\"x_unknown\":true}");
		op = kit_try(&s, v, &(kit_how){ .request = req.ptr, .wait = true });
		if (!op->is_refused && !(op->is_complete && op->outcome == NC_FAILED_NO_EFFECT)) {
			kit_found(KIT_CLOSED, v->name, KIT_FAIL,
				"a member it can't know was passed over in silence");
			ok = false;
		} else if (!op->err.message[0] || !op->err.hint[0]) {
			kit_found(KIT_CLOSED, v->name, KIT_FAIL,
				"refuses an unknown member without message and hint");
			ok = false;
		}
		expect_effect(&s, v, KIT_CLOSED, 0, "after an unknown member", &ok);
		if (ok)
			kit_found(KIT_CLOSED, v->name, KIT_PASS, "%s", "");
	}
	nc_plug_buf_done(&req);
	kit_finish(h);
}
