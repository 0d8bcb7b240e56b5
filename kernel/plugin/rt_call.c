/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "plugin/image.h"
#include "plugin/pack.h"
#include "plugin/rt_internal.h"

/*
 * The life of an operation's place: taken by start, given back when the function has returned and, if
 * the operation was accepted, completed. The plugin is never called under a lock.
 */

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
static int settle(nc_rt *rt, rt_op *o, const rt_outcome *r)
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

static void tell_returned(nc_rt *rt, const rt_op *o, rt_outcome *r)
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

static void tell_entering(nc_rt *rt, const rt_op *o)
{
	if (!rt->up->entering || !nc_rt_speak(rt))
		return;
	rt->up->entering(rt->user, o->id);
	nc_rt_spoke(rt);
}

static void run_in_plugin(nc_rt *rt, rt_op *o, int32_t class, rt_outcome *r)
{
	tell_entering(rt, o);
	rt_thread thread = nc_rt_thread_enter(rt, class);
	nc_mark mark = nc_mark_enter(rt->plugin, o->verb->name);
	pthread_mutex_lock(&rt->rt_lock);
	o->has_entered = 1;
	pthread_mutex_unlock(&rt->rt_lock);
	nc_rt_run_shape(rt, o, r);
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
	rt_outcome r = { .recover_state = -1, .err = NC_ERROR_INIT };
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
