/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "novacron/companions.h"
#include "novacron/stream.h"
#include "plugin/image.h"
#include "plugin/manifest.h"
#include "plugin/pack.h"
#include "plugin/rt_internal.h"

/*
 * How each shape of verb is called, and the life of an operation's place: taken by start, given
 * back when the function has returned and, if the operation was accepted, completed. Runs on
 * workers of the instance; lifecycle calls marked `control` on its loop. The plugin is never
 * called under a lock.
 */

enum { LIFE_CREATE = NC_VERB_MAX, LIFE_RECONFIGURE, LIFE_HEALTH, LIFE_DRAIN };

const nc_verb nc_life_create = { .name = "plugin.create", .ext = "", .number = LIFE_CREATE };
const nc_verb nc_life_reconfigure = {
	.name = "plugin.reconfigure", .ext = "", .number = LIFE_RECONFIGURE
};
const nc_verb nc_life_health = { .name = "plugin.health", .ext = "", .number = LIFE_HEALTH };
const nc_verb nc_life_drain = { .name = "plugin.drain", .ext = "", .number = LIFE_DRAIN };

const nc_verb *nc_life_find(const char *name)
{
	static const nc_verb *const all[] = { &nc_life_create, &nc_life_reconfigure,
		&nc_life_health, &nc_life_drain };
	for (size_t i = 0; i < NC_LEN(all); i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	return NULL;
}

/* What a runner fills in; `out` carries the result. */
typedef struct outcome {
	nc_code code;
	int32_t recover_state;
	uint64_t n_objects;
	nc_error err;
	nc_buf out;
} outcome;

/* ---- what the plugin serves ---- */

static void note_slot(nc_rt *rt, const nc_verb *v, const void *table, nc_buf *names)
{
	uint32_t size;
	memcpy(&size, table, sizeof(size));
	if (size < (size_t)v->offset + sizeof(void *))
		return;
	memcpy(&rt->slot[v->number], (const char *)table + v->offset, sizeof(void *));
	if (rt->slot[v->number])
		nc_buf_printf(names, "%s\n", v->name);
}

/* Rows of one extension stand together, so each is asked for once. */
static nc_code bind(nc_rt *rt, nc_buf *names)
{
	const void *table = NULL;
	const char *ext = "";
	const nc_verb *v;
	for (unsigned i = 0; (v = nc_verb_at(i)); i++) {
		if (strcmp(v->ext, ext) != 0) {
			ext = v->ext;
			table = nc_rt_extension(rt, ext);
		}
		if (table)
			note_slot(rt, v, table, names);
	}
	return names->error;
}

const void *nc_rt_extension(nc_rt *rt, const char *ext)
{
	nc_inst *self = nc_rt_self(rt);
	if (!self || !nc_manifest_provides(rt->manifest, ext))
		return NULL;
	nc_mark former = nc_mark_enter(rt->plugin, "get_extension");
	const void *table = rt->image->plugin.get_extension(self, ext);
	nc_mark_leave(former);
	return table;
}

/* ---- lifecycle ---- */

static void run_create(nc_rt *rt, rt_op *o, outcome *r)
{
	nc_inst *self = NULL;
	r->code = rt->image->plugin.create(&rt->ctx->table, o->request, &self, &r->err);
	if (r->code != NC_OK)
		return;
	if (!self) {
		nc_rt_strike(rt, NC_P0_CONTRACT, "create succeeded without an instance");
		r->code = nc_err(&r->err, NC_E_PROTO, "create succeeded without an instance");
		return;
	}
	pthread_mutex_lock(&rt->rt_lock);
	rt->self = self;
	int is_forfeited = o->is_forfeited;
	pthread_mutex_unlock(&rt->rt_lock);
	if (!is_forfeited && bind(rt, &r->out) != NC_OK)
		r->code = nc_err_nomem(&r->err);
}

static void run_health(nc_rt *rt, outcome *r)
{
	const nc_plugin *p = &rt->image->plugin;
	if (!NC_HAS(p, health)) {
		r->code = nc_err(&r->err, NC_E_UNSUPPORTED, "plugin %s has no health of its own",
			rt->plugin);
		return;
	}
	nc_code broken = NC_OK;
	nc_sink *sink = nc_sink_open_buf(rt, &r->out, 0);
	r->code = sink ? p->health(rt->self, sink, &r->err) : nc_err_nomem(&r->err);
	if (sink)
		nc_sink_close(sink, &broken);
	if (r->code == NC_OK && broken != NC_OK)
		r->code = nc_err(&r->err, NC_E_PROTO, "its health document is too long");
}

static void run_life(nc_rt *rt, rt_op *o, outcome *r)
{
	const nc_plugin *p = &rt->image->plugin;
	switch (o->verb->number) {
	case LIFE_CREATE:
		run_create(rt, o, r);
		return;
	case LIFE_HEALTH:
		run_health(rt, r);
		return;
	case LIFE_RECONFIGURE:
		r->code = NC_HAS(p, reconfigure)
				  ? p->reconfigure(rt->self, o->request, &r->err)
				  : nc_err(&r->err, NC_E_UNSUPPORTED,
					    "plugin %s can't be reconfigured in place", rt->plugin);
		return;
	default:
		r->code = NC_HAS(p, drain) ? p->drain(rt->self, (nc_op){ o->handle }, &r->err)
					   : nc_err(&r->err, NC_E_UNSUPPORTED,
						     "plugin %s has no drain", rt->plugin);
	}
}

/* ---- verbs ---- */

static void run_op(nc_rt *rt, rt_op *o, outcome *r)
{
	nc_verb_fn fn;
	memcpy(&fn, &rt->slot[o->verb->number], sizeof(fn));
	r->code = fn(rt->self, (nc_op){ o->handle }, o->target, o->request, &r->err);
}

static void run_query(nc_rt *rt, rt_op *o, outcome *r)
{
	nc_query_fn fn;
	nc_code broken = NC_OK;
	nc_sink *sink = nc_sink_open_objects(rt, o->id);
	memcpy(&fn, &rt->slot[o->verb->number], sizeof(fn));
	if (!sink) {
		r->code = nc_err_nomem(&r->err);
		return;
	}
	r->code = fn(rt->self, (nc_op){ o->handle }, o->target, o->request, sink, &r->err);
	r->n_objects = nc_sink_close(sink, &broken);
	if (r->code == NC_OK && broken != NC_OK)
		r->code = nc_err(&r->err, broken == NC_E_INVAL ? NC_E_PROTO : broken,
			"%s of plugin %s is not whole: an object was refused", o->verb->name,
			rt->plugin);
}

static void run_recover(nc_rt *rt, rt_op *o, outcome *r)
{
	nc_recover_fn fn;
	nc_code broken = NC_OK;
	int32_t state = NC_REC_UNKNOWN;
	nc_sink *sink = nc_sink_open_buf(rt, &r->out, 0);
	memcpy(&fn, &rt->slot[o->verb->number], sizeof(fn));
	if (!sink) {
		r->code = nc_err_nomem(&r->err);
		return;
	}
	r->code = fn(rt->self, (nc_op){ o->handle }, o->target, o->request, &state, sink, &r->err);
	nc_sink_close(sink, &broken);
	if (r->code != NC_OK)
		return;
	if (state < NC_REC_ABSENT || state > NC_REC_UNKNOWN) {
		nc_rt_strike(rt, NC_P0_CONTRACT, "%s answered the state %d", o->verb->name, state);
		state = NC_REC_UNKNOWN;
	}
	/* A result that did not fit is no result: what was done is then not known for certain. */
	r->recover_state = broken == NC_OK ? state : NC_REC_UNKNOWN;
}

/* Sockets' inodes have 32 bits. */
static uint64_t place_of(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 ? (uint64_t)fd << 32 | (uint32_t)st.st_ino : 0;
}

int nc_rt_is_open_at(uint64_t stream_place)
{
	return stream_place && place_of((int)(stream_place >> 32)) == stream_place;
}

static void run_stream(nc_rt *rt, rt_op *o, outcome *r)
{
	__typeof__(((nc_stream *)NULL)->open) fn;
	int fd = o->fd;
	memcpy(&fn, &rt->slot[o->verb->number], sizeof(fn));
	o->stream_place = place_of(fd);
	r->code = fn(rt->self, (nc_op){ o->handle }, o->target, o->request, fd, &r->err);
	o->fd = -1;
	if (r->code != NC_OK)
		close(fd); /* refused: it stayed ours */
}

static void run_stats(nc_rt *rt, rt_op *o, outcome *r)
{
	__typeof__(((nc_compute_stats *)NULL)->sample) fn;
	nc_unpacked_stats u;
	nc_code rc = nc_unpack_stats(o->request, &u);
	nc_stat_row *rows = rc == NC_OK ? nc_malloc(((size_t)u.n + 1) * sizeof(*rows)) : NULL;
	if (!rows) {
		r->code = nc_err(&r->err, rc == NC_OK ? NC_E_NOMEM : rc, "bad list of guests");
	} else {
		memset(rows, 0xff, u.n * sizeof(*rows)); /* unknown, unless it says otherwise */
		memcpy(&fn, &rt->slot[o->verb->number], sizeof(fn));
		r->code =
			fn(rt->self, (nc_op){ o->handle }, o->target, u.guests, u.n, rows, &r->err);
		if (r->code == NC_OK)
			nc_buf_put(&r->out, rows, u.n * sizeof(*rows));
	}
	nc_free(rows);
	nc_unpacked_stats_done(&u);
}

static void run_score(nc_rt *rt, rt_op *o, outcome *r)
{
	__typeof__(((nc_scheduler *)NULL)->score) fn;
	nc_unpacked_score u;
	nc_code rc = nc_unpack_score(o->request, &u);
	if (rc != NC_OK) {
		r->code = nc_err(&r->err, rc, "bad batch to score");
		return;
	}
	memcpy(&fn, &rt->slot[o->verb->number], sizeof(fn));
	r->code = fn(rt->self, (nc_op){ o->handle }, &u.batch, &r->err);
	if (r->code == NC_OK)
		nc_buf_put(&r->out, u.batch.score, u.batch.n_cand * sizeof(double));
	nc_unpacked_score_done(&u);
}

static void run_shape(nc_rt *rt, rt_op *o, outcome *r)
{
	if (o->verb->number >= NC_VERB_MAX) {
		run_life(rt, o, r);
		return;
	}
	switch (o->verb->shape) {
	case NC_SHAPE_OP:
		run_op(rt, o, r);
		return;
	case NC_SHAPE_QUERY:
		run_query(rt, o, r);
		return;
	case NC_SHAPE_RECOVER:
		run_recover(rt, o, r);
		return;
	case NC_SHAPE_STREAM:
		run_stream(rt, o, r);
		return;
	case NC_SHAPE_STATS:
		run_stats(rt, o, r);
		return;
	case NC_SHAPE_SCORE:
		run_score(rt, o, r);
		return;
	}
}

/* ---- an operation's place ---- */

static int is_shape(const rt_op *o, nc_verb_shape shape)
{
	return o->verb->number < NC_VERB_MAX && o->verb->shape == shape;
}

int nc_rt_op_completes(const rt_op *o)
{
	return o->verb == &nc_life_drain || is_shape(o, NC_SHAPE_OP) ||
	       is_shape(o, NC_SHAPE_STREAM) || is_shape(o, NC_SHAPE_RECOVER);
}

void nc_rt_release_op(nc_rt *rt, rt_op *o)
{
	nc_map_del(rt->by_id, (nc_bytes){ &o->id, sizeof(o->id) });
	nc_closep(&o->fd);
	nc_free(o->block);
	nc_free(o->held);
	nc_slots_release(&rt->ops, o->handle);
}

void nc_rt_release_op_if_over(nc_rt *rt, rt_op *o)
{
	if (!o->is_told || o->n_busy > 0)
		return;
	if (!o->is_accepted || o->is_completed || o->is_forfeited)
		nc_rt_release_op(rt, o);
}

/* Settles what the return means; 1 when the plugin completed something it did not accept. */
static int settle(nc_rt *rt, rt_op *o, const outcome *r)
{
	pthread_mutex_lock(&rt->rt_lock);
	o->has_returned = 1;
	o->is_accepted = r->code == NC_OK && nc_rt_op_completes(o) &&
			 (!is_shape(o, NC_SHAPE_RECOVER) || r->recover_state == NC_REC_RUNNING);
	rt->n_forfeited -= (uint64_t)o->is_forfeited;
	int is_broken = o->is_completed && !o->is_accepted;
	pthread_mutex_unlock(&rt->rt_lock);
	return is_broken;
}

static void tell_returned(nc_rt *rt, const rt_op *o, outcome *r)
{
	if (r->code != NC_OK && !r->err.message[0]) /* it said nothing */
		nc_err(&r->err, r->code, "%s of plugin %s failed without a reason", o->verb->name,
			rt->plugin);
	/* recover returns NC_OK and still sets err when it found that the operation failed. */
	nc_rt_tidy_error(&r->err,
		r->code == NC_OK && r->recover_state == NC_REC_FAILED ? r->err.code : r->code);
	if (!nc_rt_speak(rt))
		return;
	rt->up->returned(rt->user, o->id,
		&(nc_rt_return){ .code = r->code,
			.recover_state = r->recover_state,
			.err = &r->err,
			.result = nc_buf_bytes(&r->out),
			.n_objects = r->n_objects });
	nc_rt_spoke(rt);
}

/* What recover re-attached to has ended before recover returned. */
static void tell_held(nc_rt *rt, const rt_op *o)
{
	if (!nc_rt_speak(rt))
		return;
	rt->up->completed(
		rt->user, o->id, o->held_outcome, &o->held_err, (nc_bytes){ o->held, o->held_len });
	nc_rt_spoke(rt);
}

static void run_in_plugin(nc_rt *rt, rt_op *o, int32_t class, outcome *r)
{
	rt_thread thread = nc_rt_thread_enter(rt, class);
	nc_mark mark = nc_mark_enter(rt->plugin, o->verb->name);
	pthread_mutex_lock(&rt->rt_lock);
	o->has_entered = 1;
	pthread_mutex_unlock(&rt->rt_lock);
	run_shape(rt, o, r);
	nc_mark_leave(mark);
	nc_rt_thread_leave(thread);
}

static int is_typed(const rt_op *o)
{
	return is_shape(o, NC_SHAPE_STATS) || is_shape(o, NC_SHAPE_SCORE);
}

/* The place is ours until is_told; a completion may come beside us at any point. */
static void run(rt_op *o, int32_t class)
{
	nc_rt *rt = o->rt;
	outcome r = { .recover_state = -1, .err = NC_ERROR_INIT };
	nc_buf_init(&r.out, is_typed(o) ? NC_PACK_MAX : NC_RESULT_MAX);
	if (nc_rt_enter(rt)) {
		run_in_plugin(rt, o, class, &r);
		nc_rt_leave(rt);
	} else {
		r.code = nc_err(&r.err, NC_E_UNAVAILABLE, "plugin %s is closing", rt->plugin);
	}
	if (r.code == NC_OK && nc_buf_failed(&r.out) && is_typed(o))
		r.code = nc_err_nomem(&r.err);
	if (settle(rt, o, &r))
		nc_rt_strike(rt, NC_P4_COMPLETE, "%s completed an operation that was not accepted",
			o->verb->name);
	tell_returned(rt, o, &r);
	nc_buf_done(&r.out);
	pthread_mutex_lock(&rt->rt_lock);
	o->is_told = 1; /* from here on op_complete tells for itself */
	o->n_busy++;
	int shall_tell = o->is_held && o->is_accepted && !o->is_forfeited;
	pthread_mutex_unlock(&rt->rt_lock);
	if (shall_tell)
		tell_held(rt, o);
	pthread_mutex_lock(&rt->rt_lock);
	o->n_busy--;
	nc_rt_release_op_if_over(rt, o);
	pthread_mutex_unlock(&rt->rt_lock);
	nc_rt_unref(rt);
}

static void run_on_worker(nc_job *job)
{
	run(NC_CONTAINER(job, rt_op, job), NC_THREAD_WORKER);
}

static void run_on_control(nc_task *task)
{
	run(NC_CONTAINER(task, rt_op, task), NC_THREAD_CONTROL);
}

/* ---- start, stop, forfeit ---- */

static nc_code check_served(nc_rt *rt, const nc_verb *v, nc_error *err)
{
	if (v->number >= NC_VERB_MAX)
		return NC_OK;
	pthread_mutex_lock(&rt->rt_lock);
	int is_served = rt->slot[v->number] != NULL;
	pthread_mutex_unlock(&rt->rt_lock);
	if (is_served)
		return NC_OK;
	return nc_err(err, NC_E_UNSUPPORTED, "plugin %s does not serve %s", rt->plugin, v->name);
}

/* Copy what the plugin will see into one block. */
static int fill_block(rt_op *o, const nc_rt_call *call)
{
	const char *key = call->key ? call->key : "";
	size_t n_key = strlen(key) + 1, nt = call->target.len, nr = call->request.len;
	/* The request stands first: its arrays, if it is packed, are then aligned as malloc's. */
	o->block = nc_malloc(nr + 1 + nt + 1 + n_key);
	if (!o->block)
		return -1;
	char *target = o->block + nr + 1, *key_copy = target + nt + 1;
	if (nr)
		memcpy(o->block, call->request.ptr, nr);
	if (nt)
		memcpy(target, call->target.ptr, nt);
	o->block[nr] = target[nt] = 0;
	memcpy(key_copy, key, n_key);
	o->request = (nc_bytes){ o->block, nr };
	o->target = (nc_bytes){ target, nt };
	o->key = key_copy;
	return 0;
}

static nc_code take_place(nc_rt *rt, const nc_rt_call *call, rt_op **ret, nc_error *err)
{
	uint64_t handle;
	if (rt->is_closing)
		return nc_err(err, NC_E_UNAVAILABLE, "plugin %s is closing", rt->plugin);
	rt_op *o = nc_slots_take(&rt->ops, &handle);
	if (!o)
		return rt->ops.used >= RT_OPS_MAX
			       ? nc_err(err, NC_E_BUSY, "plugin %s has %u operations under way",
					 rt->plugin, RT_OPS_MAX)
			       : nc_err_nomem(err);
	*o = (rt_op){ .job.run = run_on_worker,
		.task.run = run_on_control,
		.rt = rt,
		.handle = handle,
		.id = call->id,
		.verb = call->verb,
		.deadline_ns = call->deadline_ns,
		.fd = -1 };
	if (fill_block(o, call) < 0 ||
		nc_map_put(rt->by_id, (nc_bytes){ &o->id, sizeof(o->id) }, o, NULL) != NC_OK) {
		nc_rt_release_op(rt, o);
		return nc_err_nomem(err);
	}
	o->fd = call->fd;
	rt->n_refs++;
	*ret = o;
	return NC_OK;
}

static void give_back(nc_rt *rt, rt_op *o)
{
	pthread_mutex_lock(&rt->rt_lock);
	o->fd = -1; /* not started: it stays the caller's */
	nc_rt_release_op(rt, o);
	rt->n_refs--; /* the owner's is left */
	pthread_mutex_unlock(&rt->rt_lock);
}

nc_code nc_rt_start(nc_rt *rt, const nc_rt_call *call, nc_error *err)
{
	rt_op *o = NULL;
	nc_code rc = check_served(rt, call->verb, err);
	if (rc != NC_OK)
		return rc;
	pthread_mutex_lock(&rt->rt_lock);
	rc = take_place(rt, call, &o, err);
	pthread_mutex_unlock(&rt->rt_lock);
	if (rc != NC_OK)
		return rc;
	if (call->verb == &nc_life_drain || call->verb == &nc_life_reconfigure) {
		nc_loop_post(rt->control, &o->task);
		return NC_OK;
	}
	rc = nc_pool_submit(rt->pool, &o->job);
	if (rc == NC_OK)
		return NC_OK;
	give_back(rt, o);
	return nc_err(
		err, rc, "plugin %s: no thread to call %s with", rt->plugin, call->verb->name);
}

static rt_op *find(nc_rt *rt, uint64_t id)
{
	return nc_map_get(rt->by_id, (nc_bytes){ &id, sizeof(id) });
}

void nc_rt_stop(nc_rt *rt, uint64_t call, int32_t reason)
{
	pthread_mutex_lock(&rt->rt_lock);
	rt_op *o = find(rt, call);
	int is_new = o && o->stop_reason != reason && !o->is_completed;
	if (is_new)
		o->stop_reason = reason;
	/* Before the function is entered the reason alone will do: it asks for it. */
	int shall_tell = is_new && o->has_entered && nc_rt_op_completes(o) &&
			 NC_HAS(&rt->image->plugin, op_stop) && !rt->is_closing;
	nc_op op = { o ? o->handle : 0 };
	rt->n_in_plugin += (size_t)shall_tell;
	pthread_mutex_unlock(&rt->rt_lock);
	if (!shall_tell)
		return;
	nc_mark mark = nc_mark_enter(rt->plugin, "op_stop");
	rt->image->plugin.op_stop(rt->self, op, reason);
	nc_mark_leave(mark);
	nc_rt_leave(rt);
}

void nc_rt_forfeit(nc_rt *rt, uint64_t call)
{
	pthread_mutex_lock(&rt->rt_lock);
	rt_op *o = find(rt, call);
	if (o && !o->is_forfeited) {
		o->is_forfeited = 1;
		if (!o->has_returned) {
			rt->n_forfeited++;
			nc_pool_forfeit(rt->pool, &o->job); /* a leaf: it calls nobody */
		}
		nc_rt_release_op_if_over(rt, o);
	}
	pthread_mutex_unlock(&rt->rt_lock);
}
