/* SPDX-License-Identifier: Apache-2.0 */
#include "op_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/err.h"
#include "event/event.h"
#include "model/infra.h"

/* See op_world.h. Its own memory is the C library's, so that failing allocations hit op/ alone. */

/* ---- kinds ---- */

/* On a worker, whose allocations alone are counted. */
static void arm(op_world *w)
{
	pthread_mutex_lock(&w->world_lock);
	if (w->arm_nth && !w->is_armed) {
		w->is_armed = 1;
		nc_alloc_fail_at(w->arm_nth, NC_FAIL_ONCE);
	} else if (w->is_armed && nc_alloc_has_failed()) {
		w->has_fired = 1;
	}
	pthread_mutex_unlock(&w->world_lock);
}

static const char *request_text(const nc_opctx *c)
{
	return nc_arena_printf(
		c->arena, "%.*s", (int)c->op->request.len, (const char *)c->op->request.ptr);
}

/* The request is {"p":"<provider>","h":"<host>"} */
static nc_code prepare_verb(nc_opctx *c, nc_op_call *call, const char *verb, nc_error *err)
{
	arm(c->user);
	const char *text = request_text(c);
	char provider[32], host[32];

	if (!text || sscanf(text, "{\"p\":\"%31[^\"]\",\"h\":\"%31[^\"]\"}", provider, host) != 2)
		return text ? nc_err(err, NC_E_INVAL, "no such request") : nc_err_nomem(err);
	if (!strcmp(provider, "none"))
		return nc_err(err, NC_E_NOTFOUND, "there is no such provider");
	call->provider = nc_arena_strdup(c->arena, provider);
	call->target = c->op->checkpoint ? c->op->checkpoint : nc_arena_strdup(c->arena, host);
	call->verb = verb;
	call->request = nc_str("{}");
	return call->provider && call->target ? NC_OK : nc_err_nomem(err);
}

static nc_code prepare(nc_opctx *c, nc_op_call *call, nc_error *err)
{
	return prepare_verb(c, call, c->op->step, err);
}

static nc_code undo_one(nc_opctx *c, nc_op_call *call, nc_error *err)
{
	return prepare_verb(c, call, "undo-one", err);
}

static nc_code undo_two(nc_opctx *c, nc_op_call *call, nc_error *err)
{
	return prepare_verb(c, call, "undo-two", err);
}

static nc_code finish(nc_opctx *c, nc_bytes result, nc_error *err)
{
	if (result.len != 2 || memcmp(result.ptr, "{}", 2) != 0)
		return nc_err(err, NC_E_PROTO, "the answer is not the one that was given");
	void *copy = nc_arena_memdup(c->arena, result.ptr, result.len);
	c->op->result = (nc_bytes){ copy, result.len };
	return copy ? NC_OK : nc_err_nomem(err);
}

/* An answer that says nothing of what was undone is none. */
static nc_code undone_two(nc_opctx *c, nc_bytes result, nc_error *err)
{
	(void)c;
	return result.len == 2 ? NC_OK : nc_err(err, NC_E_PROTO, "not what was asked for");
}

static nc_code ended(nc_opctx *c, nc_error *err)
{
	if (!c->target)
		return NC_OK;
	c->target->description = nc_arena_strdup(c->arena, nc_operation_state_words[c->op->state]);
	c->target_is_dirty = 1;
	return c->target->description ? NC_OK : nc_err_nomem(err);
}

/* The next host, in the runner's checkpoint: "host-0", "host-1", … */
static nc_code pick(nc_opctx *c, nc_error *err)
{
	int n = c->op->checkpoint ? atoi(c->op->checkpoint + 5) + 1 : 0;

	c->op->checkpoint = nc_arena_printf(c->arena, "host-%d", n);
	return c->op->checkpoint ? NC_OK : nc_err_nomem(err);
}

static int another_host(nc_opctx *c, int32_t outcome, const nc_error *why)
{
	(void)c;
	(void)outcome;
	return why->code == NC_E_BUSY ? 0 : NC_FAIL_OP;
}

static nc_code gone(nc_opctx *c, nc_error *err)
{
	c->op->checkpoint = nc_arena_strdup(c->arena, "gone");
	return c->op->checkpoint ? NC_OK : nc_err_nomem(err);
}

static const nc_op_step_def call_steps[] = {
	{ .name = "one",
		.prepare = prepare,
		.finish = finish,
		.undo_prepare = undo_one,
		.flags = NC_STEP_CANCELABLE | NC_STEP_GONE_IS_UNDONE },
	{ .name = "two",
		.prepare = prepare,
		.finish = finish,
		.undo_prepare = undo_two,
		.undo_finish = undone_two,
		.flags = NC_STEP_CANCELABLE },
	{ .name = "three", .prepare = prepare, .finish = finish },
};
static const nc_op_step_def host_steps[] = {
	{ .name = "pick", .run = pick, .flags = NC_STEP_CANCELABLE },
	{ .name = "make",
		.prepare = prepare,
		.finish = finish,
		.on_fail = another_host,
		.flags = NC_STEP_CANCELABLE },
};
static const nc_op_step_def single_steps[] = {
	{ .name = "make", .prepare = prepare, .finish = finish, .flags = NC_STEP_CANCELABLE },
};
static const nc_op_step_def destroying_steps[] = {
	{ .name = "destroy",
		.prepare = prepare,
		.finish = finish,
		.gone = gone,
		.flags = NC_STEP_GONE_IS_DONE },
	{ .name = "two", .prepare = prepare, .finish = finish },
};
static const nc_op_type types[] = {
	{ .kind = "t.destroy", .steps = destroying_steps, .n_steps = 2, .ended = ended },
	{ .kind = "t.calls", .steps = call_steps, .n_steps = 3, .ended = ended },
	{ .kind = "t.hosts", .steps = host_steps, .n_steps = 2, .ended = ended },
	{ .kind = "t.at_once",
		.steps = host_steps,
		.n_steps = 2,
		.ended = ended,
		.begins_at_once = 1 },
	{ .kind = "t.single", .steps = single_steps, .n_steps = 1, .ended = ended },
};

/* ---- the driver ---- */

/* What recover finds, unless told otherwise: what became of the call in truth. */
static int32_t truth_of(const op_world *w, const char *key)
{
	int32_t truth = NC_REC_ABSENT;

	for (int i = 0; i < w->n_calls; i++) {
		const ow_call *x = &w->calls[i];
		if (strcmp(x->key, key) != 0 || x->is_recover || x->how.when != OW_NOW)
			continue;
		truth = x->how.outcome == NC_DONE             ? NC_REC_DONE
			: x->how.outcome == NC_FAILED_PARTIAL ? NC_REC_FAILED
							      : NC_REC_ABSENT;
	}
	return truth;
}

static ow_answer take_answer(op_world *w, const char *verb, const char *key)
{
	for (int i = 0; i < w->n_script; i++)
		if (w->script[i].verb && !strcmp(w->script[i].verb, verb)) {
			ow_answer x = w->script[i];
			w->script[i].verb = NULL;
			return x;
		}
	return (ow_answer){ .outcome = NC_DONE, .recovered = truth_of(w, key) };
}

static void set_error(nc_error *err, ow_answer how)
{
	if (how.code == NC_OK)
		return;
	nc_err(err, how.code, "told to fail");
	if (err)
		err->flags |= how.flags;
}

static void tell(const nc_op_sink *sink, ow_answer how, int is_recover)
{
	nc_error err = NC_ERROR_INIT;

	set_error(&err, how);
	nc_op_result r = { .code = how.when == OW_UNSENT ? how.code : NC_OK,
		.is_unsent = how.when == OW_UNSENT,
		.outcome = how.outcome,
		.recovered = is_recover ? how.recovered : -1,
		.err = &err,
		.result = nc_str(how.result ? how.result : "{}"),
		.plugin_id = "test" };
	sink->done(sink->arg, &r);
}

/* Whether the record in the store names this call: what permits it. */
static int is_recorded(op_world *w, const char *id, const char *key)
{
	const nc_root *r = nc_db_read_begin(w->st.db);
	const nc_item *it = nc_root_get(r, NC_KIND_OPERATION, nc_str(id));
	nc_bytes body = it ? nc_item_body(it) : (nc_bytes){ "", 0 };
	int is = memmem(body.ptr, body.len, key, strlen(key)) != NULL;

	nc_db_read_end(w->st.db);
	return is;
}

static nc_code driver_call(void *ctx, const nc_op_call *call, const char *key, int is_recover,
	const nc_op_sink *sink, uint64_t *ret_handle, nc_error *err)
{
	op_world *w = ctx;
	ow_call x = { .is_recover = is_recover, .stopped = -1, .sink = *sink };

	snprintf(x.key, sizeof(x.key), "%s", key);
	snprintf(x.op, sizeof(x.op), "%.*s", (int)strcspn(key, "."), key);
	snprintf(x.verb, sizeof(x.verb), "%s%s", is_recover ? "?" : "", call->verb);
	snprintf(x.provider, sizeof(x.provider), "%s", call->provider);
	snprintf(x.host, sizeof(x.host), "%s", call->target);
	snprintf(
		x.checkpoint, sizeof(x.checkpoint), "%s", call->checkpoint ? call->checkpoint : "");
	x.was_durable = is_recorded(w, x.op, key);
	pthread_mutex_lock(&w->world_lock);
	if (w->is_dead || w->n_calls == OW_CALLS) {
		pthread_mutex_unlock(&w->world_lock);
		return nc_err(err, NC_E_INTERNAL, "the driver is gone");
	}
	x.how = take_answer(w, x.verb, key);
	x.is_open = x.how.when == OW_LATE;
	w->calls[w->n_calls++] = x;
	*ret_handle = (uint64_t)w->n_calls;
	pthread_mutex_unlock(&w->world_lock);
	if (x.how.when == OW_REFUSE) {
		set_error(err, x.how);
		return x.how.code;
	}
	if (x.how.when != OW_LATE)
		tell(sink, x.how, is_recover);
	return NC_OK;
}

void ow_answer_call(op_world *w, ow_call *call, ow_answer how)
{
	pthread_mutex_lock(&w->world_lock);
	int was_open = call->is_open;
	call->is_open = 0;
	if (was_open) { /* the truth from now on */
		const char *verb = call->how.verb;
		call->how = how;
		call->how.verb = verb;
		call->how.when = OW_NOW;
	}
	nc_op_sink sink = call->sink;
	pthread_mutex_unlock(&w->world_lock);
	if (was_open)
		tell(&sink, how, call->is_recover);
}

static void driver_stop(void *ctx, uint64_t handle, int32_t reason)
{
	op_world *w = ctx;
	ow_call *call = NULL;

	pthread_mutex_lock(&w->world_lock);
	if (!w->is_dead && handle && handle <= (uint64_t)w->n_calls) {
		call = &w->calls[handle - 1];
		call->stopped = reason;
	}
	int is_deaf = w->is_deaf;
	pthread_mutex_unlock(&w->world_lock);
	if (call && !is_deaf)
		ow_answer_call(w, call,
			(ow_answer){ .outcome = reason == NC_CANCEL ? NC_CANCELLED : NC_DETACHED,
				.recovered = NC_REC_RUNNING });
}

/* ---- the world ---- */

static void on_published(void *arg, const nc_db_batch *b)
{
	op_world *w = arg;

	if (w->ops)
		nc_ops_published(w->ops, b);
}

nc_code ow_register(nc_ops *ops, nc_error *err)
{
	nc_code rc = NC_OK;

	for (size_t i = 0; rc == NC_OK && i < NC_LEN(types); i++)
		rc = nc_ops_register(ops, &types[i], err);
	return rc;
}

int ow_start(op_world *w)
{
	nc_error err = NC_ERROR_INIT;
	nc_ops *ops = NULL;

	w->is_dead = 0;
	w->opt.db = w->st.db;
	if (!CHECK_OK(nc_ops_new(&w->opt, &ops, &err), &err))
		return 0;
	CHECK_OK(ow_register(ops, &err), &err);
	w->ops = ops;
	return CHECK_OK(nc_ops_start(ops, &err), &err);
}

int ow_open(op_world *w, const nc_ops_options *limits)
{
	memset(w, 0, sizeof(*w));
	pthread_mutex_init(&w->world_lock, NULL);
	nc_clock_freeze();
	w->calls = calloc(OW_CALLS, sizeof(*w->calls));
	w->a = nc_arena_new(256u << 20);
	w->st.published = on_published;
	w->st.arg = w;
	if (limits)
		w->opt = *limits;
	w->driver = (nc_op_driver){ w, driver_call, driver_stop };
	w->opt.driver = &w->driver;
	w->opt.user = w;
	w->opt.workers = w->opt.workers ? w->opt.workers : 2;
	w->opt.default_deadline_us = 60000000;
	w->opt.grace_us = w->opt.grace_us ? w->opt.grace_us : 100000;
	return state_open(&w->st) && ow_start(w);
}

void ow_stop(op_world *w)
{
	nc_clock_release(); /* it waits for drivers by the clock */
	nc_ops_stop(w->ops);
	nc_ops *ops = w->ops;
	w->ops = NULL;
	nc_ops_free(ops); /* before the store, as the daemon does */
	state_close(&w->st);
	nc_clock_freeze();
}

void ow_crash(op_world *w)
{
	pthread_mutex_lock(&w->world_lock);
	w->is_dead = 1;
	for (int i = 0; i < w->n_calls; i++)
		w->calls[i].is_open = 0;
	pthread_mutex_unlock(&w->world_lock);
	memstore_cut(w->st.store);
	ow_stop(w);
	memstore_heal(w->st.store);
	memstore_power(w->st.store, UINT64_MAX);
	state_open(&w->st);
}

static int count_calls(op_world *w)
{
	pthread_mutex_lock(&w->world_lock);
	int n = w->n_calls;
	pthread_mutex_unlock(&w->world_lock);
	return n;
}

void ow_free(op_world *w)
{
	for (int i = 0, n = count_calls(w); i < n; i++) /* nobody is left hanging */
		ow_answer_call(w, &w->calls[i], (ow_answer){ .outcome = NC_DETACHED });
	if (w->ops)
		ow_stop(w);
	state_free(&w->st);
	nc_arena_free(w->a);
	free(w->calls);
	pthread_mutex_destroy(&w->world_lock);
	nc_clock_release();
}

void ow_script(op_world *w, const ow_answer *answers, size_t n)
{
	pthread_mutex_lock(&w->world_lock);
	w->n_script = 0;
	for (size_t i = 0; i < n && i < OW_SCRIPT; i++)
		w->script[w->n_script++] = answers[i];
	pthread_mutex_unlock(&w->world_lock);
}

/* ---- operations ---- */

static const char *project_id(op_world *w, const char *name)
{
	int i = 0;

	while (i < w->n_projects && strcmp(w->projects[i]->name, name) != 0)
		i++;
	if (i < w->n_projects || i == OW_PROJECTS)
		return w->projects[i % OW_PROJECTS]->id;
	nc_object *o = state_new(&nc_kind_project, name, w->a);
	state_put(&w->st, o);
	w->projects[w->n_projects++] = o;
	return o->id;
}

int ow_stage(op_world *w, ow_staged *s, const char *kind, const char *provider, const char *host,
	const char *project)
{
	static int n;
	nc_error err = NC_ERROR_INIT;
	nc_operation *op = NULL;

	if (!CHECK_OK(nc_ops_stage(w->ops, w->a, kind, &op, &err), &err))
		return 0;
	s->op = op;
	s->zone = state_new(&nc_kind_zone, nc_arena_printf(w->a, "zone-%d", ++n), w->a);
	s->txn = nc_txn_new(w->st.db);
	op->target = (nc_op_target){ "zone", s->zone->id, s->zone->name };
	op->o.project = project_id(w, project);
	op->actor = "test";
	op->request = nc_str(nc_arena_printf(w->a, "{\"p\":\"%s\",\"h\":\"%s\"}", provider, host));
	return s->txn != NULL;
}

const char *ow_begin_more(op_world *w, const char *kind, const char *provider, const char *host,
	const char *project, const ow_more *more)
{
	nc_error err = NC_ERROR_INIT;
	ow_staged s;

	if (!ow_stage(w, &s, kind, provider, host, project))
		return "";
	if (more) {
		s.op->deadline_at_ms = more->deadline_at_ms;
		s.op->not_before_ms = more->not_before_ms;
	}
	CHECK_OK(nc_model_put(s.txn, s.zone, &err), &err);
	CHECK_OK(nc_ops_put(s.txn, s.op, &err), &err);
	nc_code rc = nc_txn_commit(s.txn, NULL, &err);
	CHECK_OK(rc, &err);
	return s.op->o.id;
}

const char *ow_begin(
	op_world *w, const char *kind, const char *provider, const char *host, const char *project)
{
	return ow_begin_more(w, kind, provider, host, project, NULL);
}

nc_operation *ow_get(op_world *w, const char *id)
{
	nc_object *o = NULL;
	nc_error err = NC_ERROR_INIT;

	nc_code rc = nc_model_find(w->st.db, &nc_kind_operation, id, w->a, &o, &err);
	if (!CHECK_OK(rc, &err))
		return NULL;
	return NC_AS(nc_operation, o);
}

typedef struct tally {
	const char *id, *type;
	int n;
} tally;

static nc_code count_event(void *ctx, uint64_t seq, uint32_t n, nc_bytes entry)
{
	tally *t = ctx;
	nc_event e;

	(void)seq;
	(void)n;
	if (nc_event_decode(entry, &e, NULL) == NC_OK && e.key && !strcmp(e.key, t->id))
		t->n += !strcmp(e.type, t->type);
	return NC_OK;
}

int ow_events(op_world *w, const char *id, const char *type)
{
	tally t = { id, type, 0 };

	nc_db_read_lane(w->st.db, NC_LANE_EVENT, 0, 0, 0, count_event, &t, NULL);
	return t.n;
}

const char *ow_description(op_world *w, const char *id)
{
	const nc_operation *op = ow_get(w, id);
	const nc_object *zone = op ? state_get(&w->st, &nc_kind_zone, op->target.id, w->a) : NULL;

	return zone && zone->description ? zone->description : "";
}

/* ---- waiting ---- */

typedef struct question {
	op_world *w;
	const char *text;
	int64_t n;
} question;

static int until(op_world *w, int (*holds)(const question *q), const question *q)
{
	for (int i = 0; i < 10000; i++) {
		if (holds(q))
			return 1;
		usleep(200 + 50 * (useconds_t)NC_MIN(i, 20));
		nc_clock_advance_us(w->hurry_us ? w->hurry_us : 250000);
		nc_ops_configure(w->ops, &w->opt); /* workers look at the clock */
	}
	return holds(q);
}

static int is_in_state(const question *q)
{
	nc_arena *a = nc_arena_new(1 << 20);
	nc_object *o = NULL;
	int is = nc_model_find(q->w->st.db, &nc_kind_operation, q->text, a, &o, NULL) == NC_OK &&
		 NC_AS(nc_operation, o)->state == (nc_operation_state)q->n;

	nc_arena_free(a);
	return is;
}

int ow_wait_state(op_world *w, const char *id, nc_operation_state want)
{
	return until(w, is_in_state, &(question){ w, id, want });
}

static int has_calls(const question *q)
{
	return ow_count(q->w, q->text) >= q->n;
}

int ow_wait_calls(op_world *w, const char *verb, int n)
{
	return until(w, has_calls, &(question){ w, verb, n });
}

static int has_acks(const question *q)
{
	pthread_mutex_lock(&q->w->world_lock);
	int has = q->w->n_acks >= q->n;
	pthread_mutex_unlock(&q->w->world_lock);
	return has;
}

int ow_wait_acks(op_world *w, int n)
{
	return until(w, has_acks, &(question){ w, NULL, n });
}

static int is_idle(const question *q)
{
	nc_ops_stats s;

	nc_ops_get_stats(q->w->ops, &s);
	return s.queued + s.running + s.waiting == 0;
}

int ow_wait_idle(op_world *w)
{
	return until(w, is_idle, &(question){ w, NULL, 0 });
}

void ow_settle(op_world *w, int ms)
{
	(void)w;
	for (int i = 0; i < ms; i += 10) {
		nc_clock_advance_us(10000);
		usleep(1000);
	}
}

/* ---- what was asked ---- */

int ow_count_of(op_world *w, const char *op, const char *verb)
{
	int n = 0;

	pthread_mutex_lock(&w->world_lock);
	for (int i = 0; i < w->n_calls; i++)
		n += (!op || !strcmp(w->calls[i].op, op)) &&
		     (!verb || !strcmp(w->calls[i].verb, verb));
	pthread_mutex_unlock(&w->world_lock);
	return n;
}

int ow_count(op_world *w, const char *verb)
{
	return ow_count_of(w, NULL, verb);
}

ow_call *ow_last(op_world *w, const char *verb)
{
	ow_call *last = NULL;

	pthread_mutex_lock(&w->world_lock);
	for (int i = 0; i < w->n_calls; i++)
		if (!strcmp(w->calls[i].verb, verb))
			last = &w->calls[i];
	pthread_mutex_unlock(&w->world_lock);
	return last;
}

void ow_forget(op_world *w)
{
	pthread_mutex_lock(&w->world_lock);
	w->n_calls = w->n_script = 0;
	w->is_armed = w->has_fired = 0;
	pthread_mutex_unlock(&w->world_lock);
}

const char *ow_log(op_world *w, const char *op)
{
	char text[2048] = "";
	size_t n = 0;

	pthread_mutex_lock(&w->world_lock);
	for (int i = 0; i < w->n_calls && n < sizeof(text) - 40; i++)
		if (!strcmp(w->calls[i].op, op))
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s ", w->calls[i].verb);
	pthread_mutex_unlock(&w->world_lock);
	return nc_arena_strdup(w->a, text);
}
