/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine: takes operations in (from the store at start, from the publish hook later), hands
 * runs to workers fairly, wakes sleepers. Process lifetime. Its workers run the turns; what others
 * do on their own threads is to begin an operation (begin.c) and to end one (cancel.c). Holds its
 * lock for bookkeeping alone: a step, the store and a driver are always called without it.
 */
#include "op/engine.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/pool.h"
#include "model/model.h"

/* ---- runs; lock held ---- */

void nc_run_free(nc_run *run)
{
	nc_run_call_clear(&run->call);
	nc_run_result_clear(&run->result);
	nc_free(run->checkpoint.token);
	nc_free(run->project);
	nc_free(run->provider);
	nc_free(run->host);
	nc_free(run);
}
NC_DEFINE_CLEANUP(nc_run *, nc_run_free);

nc_run *nc_run_find(nc_ops *ops, const char *id)
{
	return nc_map_get(ops->runs, nc_str(id));
}

nc_run *nc_run_new(nc_ops *ops, const nc_operation *op)
{
	_cleanup_(nc_run_freep) nc_run *run = nc_calloc(1, sizeof(*run));

	if (!run)
		return NULL;
	run->ops = ops;
	nc_list_init(&run->link);
	nc_list_init(&run->ticket.link);
	nc_list_init(&run->checkpoint.link);
	nc_list_init(&run->late);
	run->deadline_at_ms = op->deadline_at_ms;
	snprintf(run->id, sizeof(run->id), "%s", op->o.id);
	run->project = nc_strdup(op->o.project ? op->o.project : "");
	run->type = nc_map_get(ops->types, nc_str(op->verb));
	run->wants_cancel = op->state == NC_OPER_CANCELING;
	return run->project ? nc_steal(&run) : NULL;
}

void nc_ops_wake(nc_ops *ops)
{
	if (!ops->n_idle || ops->is_waking)
		return;
	ops->is_waking = 1;
	pthread_cond_signal(&ops->wake);
}

void nc_run_make_ready(nc_run *run)
{
	nc_timers_clear(&run->ops->timers, &run->due);
	run->where = NC_RUN_READY;
	nc_fair_push(run->ops->ready, run->project, &run->link);
	nc_ops_wake(run->ops);
}

/* How long until its deadline; INT64_MAX = it has none. */
static int64_t until_deadline_us(const nc_run *run)
{
	if (!run->deadline_at_ms)
		return INT64_MAX;
	return NC_MAX(run->deadline_at_ms - nc_clock_wall_ms(), 0) * 1000;
}

void nc_run_sleep(nc_run *run, int64_t us)
{
	if (run->is_nudged) {
		nc_run_make_ready(run);
		return;
	}
	us = NC_MIN(us, NC_MAX(until_deadline_us(run), 10000));
	run->where = NC_RUN_SLEEPING;
	nc_timers_set(&run->ops->timers, &run->due, nc_clock_mono_us() + us);
	nc_ops_wake(run->ops);
}

void nc_run_mind_deadline(nc_run *run)
{
	if (!run->deadline_at_ms || run->wants_cancel)
		return;
	nc_timers_set(&run->ops->timers, &run->due, nc_clock_mono_us() + until_deadline_us(run));
	nc_ops_wake(run->ops);
}

void nc_run_drop(nc_run *run)
{
	nc_timers_clear(&run->ops->timers, &run->due);
	nc_list_del(&run->late);
	nc_map_del(run->ops->runs, nc_str(run->id));
	nc_run_free(run);
}

/* Without memory to take it in, which is no error for whoever asked: the record is durable, and a
 * worker looks for it there. */
static void missed(nc_ops *ops, const char *id)
{
	nc_log(L_WARN, "op.take_in.failed", F_STR("operation", id),
		F_STR("consequence", "looking for it in the store"));
	ops->has_missed = 1;
	ops->look_at_us = nc_clock_mono_us() + 100000;
	nc_ops_wake(ops);
}

static void take_in(nc_ops *ops, const nc_operation *op, int is_adopted)
{
	if (nc_run_find(ops, op->o.id))
		return;
	_cleanup_(nc_run_freep) nc_run *run = nc_run_new(ops, op);
	if (!run || nc_timers_reserve(&ops->timers, nc_map_count(ops->runs) + 1) < 0 ||
		nc_map_put(ops->runs, nc_str(op->o.id), run, NULL) != NC_OK) {
		missed(ops, op->o.id);
		return;
	}
	run->is_adopted = (uint8_t)is_adopted;
	ops->stats.adopted += (uint64_t)is_adopted;
	nc_run_make_ready(nc_steal(&run));
}

/* ---- workers ---- */

static void wake_due(nc_ops *ops, int64_t now_us)
{
	for (nc_due *d; (d = nc_timers_pop(&ops->timers, now_us));) {
		nc_run *run = NC_CONTAINER(d, nc_run, due);
		if (run->where == NC_RUN_SLEEPING) {
			nc_run_make_ready(run);
		} else { /* before the gate, or its call is out: it is the deadline */
			nc_list_del(&run->late);
			nc_list_add_tail(&ops->late, &run->late);
		}
	}
	if (nc_gate_due_us(ops->gate) <= now_us)
		nc_ops_admit(ops, NULL);
}

static void wait_until_due(nc_ops *ops, int64_t next)
{
	struct timespec ts;

	/* The clock of tests may stand still: look again every 50 ms at most. */
	int64_t us = NC_MIN(NC_MAX(next - nc_clock_mono_us(), 0), 50000);
	clock_gettime(CLOCK_MONOTONIC, &ts);
	ts.tv_nsec += us * 1000;
	ts.tv_sec += ts.tv_nsec / 1000000000;
	ts.tv_nsec %= 1000000000;
	ops->has_timekeeper = 1;
	pthread_cond_timedwait(&ops->wake, &ops->lock, &ts);
	ops->has_timekeeper = 0;
}

/* When there is something to do that nobody will wake a worker for; INT64_MAX = nothing. */
static int64_t next_due_us(const nc_ops *ops)
{
	int64_t next = NC_MIN(nc_timers_next(&ops->timers), nc_gate_due_us(ops->gate));

	return ops->has_missed ? NC_MIN(next, ops->look_at_us) : next;
}

static void wait_for_work(nc_ops *ops)
{
	int64_t next = next_due_us(ops);

	ops->n_idle++;
	if (next == INT64_MAX || ops->has_timekeeper)
		pthread_cond_wait(&ops->wake, &ops->lock);
	else
		wait_until_due(ops, next);
	ops->n_idle--;
	ops->is_waking = 0;
}

/* Whoever goes to work leaves the clock to another. */
static int is_timekeeper_wanted(const nc_ops *ops)
{
	return !ops->has_timekeeper && next_due_us(ops) != INT64_MAX;
}

static nc_code adopt_all(nc_ops *ops, nc_error *err);

/* What was missed is in the store. */
static void look_again(nc_ops *ops)
{
	nc_error err = NC_ERROR_INIT;

	ops->has_missed = 0;
	pthread_mutex_unlock(&ops->lock);
	nc_code rc = adopt_all(ops, &err);
	pthread_mutex_lock(&ops->lock);
	if (rc != NC_OK) {
		ops->has_missed = 1;
		ops->look_at_us = nc_clock_mono_us() + 100000;
	}
}

static nc_run *next_run(nc_ops *ops)
{
	while (!ops->is_stopping) {
		int64_t now = nc_clock_mono_us();
		if (!nc_list_is_empty(&ops->checkpoints))
			nc_ops_wake(ops); /* writing one takes as long as a record */
		if (nc_ops_write_checkpoint(ops))
			continue;
		wake_due(ops, now);
		if (ops->must_detach) {
			nc_ops_detach_now(ops);
			continue;
		}
		if (nc_ops_write_late(ops))
			continue;
		if (ops->has_missed && ops->look_at_us <= now) {
			look_again(ops);
			continue;
		}
		nc_list *n = nc_fair_pop(ops->ready);
		if (n) {
			if (nc_fair_count(ops->ready) || is_timekeeper_wanted(ops))
				nc_ops_wake(ops);
			return NC_LIST_ENTRY(n, nc_run, link);
		}
		wait_for_work(ops);
	}
	return NULL;
}

static void *worker_main(void *arg)
{
	nc_ops *ops = arg;

	nc_thread_yield_to_others();
	pthread_mutex_lock(&ops->lock);
	for (nc_run *run; (run = next_run(ops));) {
		run->where = NC_RUN_TURNING;
		int is_call = run->is_admitted;
		run->is_admitted = run->is_nudged = 0;
		pthread_mutex_unlock(&ops->lock);
		if (is_call)
			nc_run_start_call(run);
		else
			nc_run_turn(run);
		pthread_mutex_lock(&ops->lock);
	}
	pthread_mutex_unlock(&ops->lock);
	return NULL;
}

/* ---- life ---- */

/* A store that doesn't know how its last append went answers nobody, perhaps until it is closed.
 * Then the last answer frees what it is about. */
void nc_ops_free(nc_ops *ops)
{
	if (!ops)
		return;
	pthread_mutex_lock(&ops->lock);
	int is_awaited = ops->records_out > 0;
	ops->is_orphan = is_awaited;
	pthread_mutex_unlock(&ops->lock);
	if (!is_awaited)
		nc_ops_destroy(ops);
}

void nc_ops_destroy(nc_ops *ops)
{
	size_t it = 0;
	nc_bytes key;
	void *run;

	if (ops->runs)
		while (nc_map_next(ops->runs, &it, &key, &run))
			nc_run_free(run);
	nc_map_free(ops->runs);
	nc_map_free(ops->types);
	nc_fair_free(ops->ready);
	nc_gate_free(ops->gate);
	nc_timers_done(&ops->timers);
	pthread_mutex_destroy(&ops->lock);
	pthread_cond_destroy(&ops->wake);
	nc_free(ops->threads);
	nc_free(ops);
}
NC_DEFINE_CLEANUP(nc_ops *, nc_ops_free);

static nc_gate_limits gate_limits(const nc_ops_options *o)
{
	return (nc_gate_limits){ .in_all = o->in_all,
		.per_host = o->per_host,
		.per_provider = o->per_provider,
		.per_project = o->per_project,
		.breaker_failures = o->breaker_failures,
		.breaker_open_us = o->breaker_open_us };
}

nc_code nc_ops_new(const nc_ops_options *o, nc_ops **ret, nc_error *err)
{
	nc_ops *fresh = nc_calloc(1, sizeof(*fresh));
	pthread_condattr_t attr;
	nc_gate_limits limits = gate_limits(o);

	if (!fresh)
		return nc_err_nomem(err);
	pthread_mutex_init(&fresh->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&fresh->wake, &attr);
	pthread_condattr_destroy(&attr);
	_cleanup_(nc_ops_freep) nc_ops *ops = fresh;
	nc_list_init(&ops->checkpoints);
	nc_list_init(&ops->late);
	ops->opt = *o;
	ops->driver = *o->driver;
	ops->types = nc_map_new();
	ops->runs = nc_map_new();
	ops->ready = nc_fair_new();
	ops->gate = nc_gate_new(&limits);
	ops->threads = nc_calloc(NC_MAX(o->workers, 1u), sizeof(*ops->threads));
	if (!ops->types || !ops->runs || !ops->ready || !ops->gate || !ops->threads)
		return nc_err_nomem(err);
	*ret = nc_steal(&ops);
	return NC_OK;
}

nc_code nc_ops_register(nc_ops *ops, const nc_op_type *type, nc_error *err)
{
	nc_assert(type->n_steps && type->n_steps <= NC_OP_STEPS_MAX);
	if (nc_map_put(ops->types, nc_str(type->kind), (void *)(uintptr_t)type, NULL) != NC_OK)
		return nc_err_nomem(err);
	return NC_OK;
}

static nc_code adopt_all(nc_ops *ops, nc_error *err)
{
	const nc_root *root = nc_db_read_begin(ops->opt.db);
	nc_walk w;
	nc_code rc = NC_OK;

	nc_walk_init(&w, root, NC_KIND_OPERATION, NC_BY_ID, (nc_bytes){ 0 }, (nc_bytes){ 0 },
		NC_ASCENDING);
	for (const nc_item *it; rc == NC_OK && (it = nc_walk_next(&w, NULL));) {
		_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1 << 20);
		nc_object *o = NULL;
		rc = a ? nc_model_load(it, a, &o, err) : nc_err_nomem(err);
		if (rc != NC_OK)
			break;
		const nc_operation *op = NC_AS(nc_operation, o);
		if (nc_operation_state_is_final(op->state))
			continue;
		pthread_mutex_lock(&ops->lock);
		take_in(ops, op, 1);
		pthread_mutex_unlock(&ops->lock);
	}
	nc_db_read_end(ops->opt.db);
	return rc;
}

nc_code nc_ops_start(nc_ops *ops, nc_error *err)
{
	uint32_t want = NC_MAX(ops->opt.workers, 1u);
	nc_code rc = adopt_all(ops, err);

	if (rc != NC_OK)
		return rc;
	if (ops->stats.adopted)
		nc_log(L_INFO, "op.adopted", F_U64("operations", ops->stats.adopted));
	for (; ops->n_threads < want; ops->n_threads++) {
		int e = nc_thread_start(&ops->threads[ops->n_threads], "nc-op", worker_main, ops);
		if (!e)
			continue;
		if (ops->n_threads)
			return NC_OK; /* fewer hands, the same work */
		return nc_err_errno(err, e, "could not start an operation worker");
	}
	return NC_OK;
}

/* Nobody writes them any more; their drivers are told so. */
static void drop_checkpoints(nc_ops *ops)
{
	while (!nc_list_is_empty(&ops->checkpoints)) {
		nc_run *run = NC_LIST_ENTRY(ops->checkpoints.next, nc_run, checkpoint.link);
		nc_run_ack ack = nc_run_take_checkpoint(run);
		pthread_mutex_unlock(&ops->lock);
		ack.fn(ack.arg, NC_E_UNAVAILABLE);
		pthread_mutex_lock(&ops->lock);
	}
}

/* Bounded: what is not answered by then is nc_ops_free's to mind. */
static void wait_for_records(nc_ops *ops)
{
	int64_t until = nc_clock_mono_us() + NC_MAX(ops->opt.grace_us, 100000);

	while (ops->records_out && nc_clock_mono_us() < until) {
		pthread_mutex_unlock(&ops->lock);
		nc_clock_sleep_us(1000);
		pthread_mutex_lock(&ops->lock);
	}
}

void nc_ops_stop(nc_ops *ops)
{
	pthread_mutex_lock(&ops->lock);
	ops->is_stopping = 1;
	pthread_cond_broadcast(&ops->wake);
	pthread_mutex_unlock(&ops->lock);
	for (uint32_t i = 0; i < ops->n_threads; i++)
		nc_thread_join(ops->threads[i]);
	ops->n_threads = 0;
	pthread_mutex_lock(&ops->lock);
	wait_for_records(ops);
	drop_checkpoints(ops);
	nc_ops_detach_now(ops);
	nc_ops_wait_for_calls(ops);
	pthread_mutex_unlock(&ops->lock);
}

void nc_ops_configure(nc_ops *ops, const nc_ops_options *o)
{
	nc_gate_limits limits = gate_limits(o);

	pthread_mutex_lock(&ops->lock);
	ops->opt.default_deadline_us = o->default_deadline_us;
	nc_gate_configure(ops->gate, &limits, nc_clock_mono_us());
	nc_ops_admit(ops, NULL);
	pthread_cond_broadcast(&ops->wake); /* and look at the clock again */
	pthread_mutex_unlock(&ops->lock);
}

/* ---- the publish hook ---- */

static void on_change(
	void *ctx, uint64_t seq, uint16_t kind, const nc_item *was, const nc_item *now)
{
	nc_ops *ops = ctx;

	(void)seq;
	if (kind != NC_KIND_OPERATION || was || !now)
		return; /* changes of known ones are our own, or come through cancel and abandon */
	pthread_mutex_lock(&ops->lock);
	int was_begun = nc_run_take_begun(ops, nc_item_id(now));
	pthread_mutex_unlock(&ops->lock);
	if (was_begun)
		return;
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1 << 20);
	nc_object *o = NULL;
	if (!a || nc_model_load(now, a, &o, NULL) != NC_OK) {
		pthread_mutex_lock(&ops->lock);
		missed(ops, nc_item_id(now));
		pthread_mutex_unlock(&ops->lock);
		return;
	}
	if (nc_operation_state_is_final(NC_AS(nc_operation, o)->state))
		return;
	pthread_mutex_lock(&ops->lock);
	if (!ops->is_stopping)
		take_in(ops, NC_AS(nc_operation, o), 0);
	pthread_mutex_unlock(&ops->lock);
}

void nc_ops_published(nc_ops *ops, const nc_db_batch *b)
{
	nc_db_batch_changes(b, on_change, ops);
}

/* ---- looking in ---- */

void nc_ops_get_stats(nc_ops *ops, nc_ops_stats *ret)
{
	pthread_mutex_lock(&ops->lock);
	*ret = ops->stats;
	ret->queued = nc_fair_count(ops->ready);
	ret->running = ops->calls_out;
	ret->waiting = nc_map_count(ops->runs) - ret->queued - ret->running;
	ret->breakers_open = nc_gate_breakers_open(ops->gate, nc_clock_mono_us());
	pthread_mutex_unlock(&ops->lock);
}
