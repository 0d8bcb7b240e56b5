/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/call.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "plugin/inst_internal.h"
#include "plugin/pack.h"

/*
 * The owner's side of a call: taken in, started when its target and the instance have room, stopped
 * on request. Any thread; whoever makes room also starts what can start now, with no lock held.
 */

/* ---- starting ---- */

static void start_failed(nc_live *c, const nc_error *err)
{
	pthread_mutex_lock(&c->inst->inst_lock);
	c->has_returned = 1;
	c->state = NC_LIVE_QUEUED; /* it never got there */
	nc_queue_returned(c->inst, c);
	pthread_mutex_unlock(&c->inst->inst_lock);
	nc_live_fail(c, NC_FAILED_NO_EFFECT, err);
}

/* c is in state STARTING and referenced by the caller. */
static void start(nc_pinst *inst, nc_live *c)
{
	nc_error err = NC_ERROR_INIT;
	nc_code rc = nc_transport_start(inst,
		&(nc_rt_call){ .id = c->handle,
			.verb = c->verb,
			.target = c->target_name,
			.request = c->request,
			.key = c->key,
			.deadline_ns = (uint64_t)c->spec.deadline_us * 1000,
			.fd = c->fd },
		&err);
	if (rc != NC_OK) {
		start_failed(c, &err);
		return;
	}
	c->fd = -1; /* the transport's */
	pthread_mutex_lock(&inst->inst_lock);
	if (c->state == NC_LIVE_STARTING)
		c->state = NC_LIVE_SENT;
	int32_t reason = nc_live_holds_cancel(c, c->stop_reason) ? NC_RUN : c->stop_reason;
	int is_late = c->is_ended && !c->has_returned;
	pthread_mutex_unlock(&inst->inst_lock);
	/* Asked to stop, or given up, while it was on its way. */
	if (reason != NC_RUN)
		nc_transport_stop(inst, c->handle, reason);
	if (is_late)
		nc_transport_forfeit(inst, c->handle);
}

static nc_live *take_next(nc_pinst *inst)
{
	pthread_mutex_lock(&inst->inst_lock);
	nc_live *c = inst->state == NC_PINST_ACTIVE ? nc_queue_next(inst) : NULL;
	if (c) {
		c->state = NC_LIVE_STARTING;
		c->started_us = nc_clock_mono_us();
	}
	pthread_mutex_unlock(&inst->inst_lock);
	/* It can't leave the table before it has returned, and only start sends it. */
	return c ? nc_live_get(c->handle) : NULL;
}

void nc_pinst_pump(nc_pinst *inst)
{
	for (nc_live *c; (c = take_next(inst));) {
		start(inst, c);
		nc_live_unref(c);
	}
}

/* ---- the owner's side ---- */

static int is_typed(const nc_verb *v, nc_verb_shape shape)
{
	return v->number < NC_VERB_MAX && v->shape == shape;
}

/* Everything the plugin will see in one block: request, target, key. */
static nc_code fill_block(nc_live *c, const nc_call_spec *s, nc_error *err)
{
	const char *key = s->key ? s->key : "";
	size_t nt = s->target.len, nk = strlen(key) + 1, nr;
	_cleanup_(nc_buf_done) nc_buf b;
	nc_buf_init(&b, NC_PACK_MAX);
	if (is_typed(c->verb, NC_SHAPE_STATS))
		nc_pack_stats(&b, s->guests, s->n_guests);
	else if (is_typed(c->verb, NC_SHAPE_SCORE))
		nc_pack_score(&b, s->batch, s->n_hosts);
	else
		nc_buf_put(&b, s->request.ptr, s->request.len);
	nr = b.len;
	nc_buf_put(&b, s->target.ptr, nt);
	nc_buf_put(&b, key, nk);
	if (nc_buf_failed(&b))
		return nc_err(err, b.error, "the request of %s is too large", c->verb->name);
	c->block = nc_buf_take(&b, NULL);
	if (!c->block)
		return nc_err_nomem(err);
	c->request = (nc_bytes){ c->block, nr };
	c->target_name = (nc_bytes){ c->block + nr, nt };
	c->key = c->block + nr + nt;
	return NC_OK;
}

static nc_code check_spec(const nc_verb *v, const nc_call_spec *s, nc_error *err)
{
	if (s->target.len > NC_TARGET_MAX)
		return nc_err(err, NC_E_INVAL,
			"%s: the target's name has %zu bytes, %u are allowed", v->name,
			s->target.len, NC_TARGET_MAX);
	if (s->key && strlen(s->key) > NC_OP_KEY_MAX)
		return nc_err(err, NC_E_INVAL, "%s: the key has %zu bytes, %u are allowed", v->name,
			strlen(s->key), NC_OP_KEY_MAX);
	if (s->request.len > NC_REQUEST_MAX)
		return nc_err(err, NC_E_INVAL, "%s: the request has %zu bytes, %u are allowed",
			v->name, s->request.len, NC_REQUEST_MAX);
	if (is_typed(v, NC_SHAPE_SCORE) && !s->batch)
		return nc_err(err, NC_E_INVAL, "%s: no batch to score", v->name);
	return NC_OK;
}

static nc_code make_live(
	nc_pinst *inst, const nc_verb *v, const nc_call_spec *s, nc_live **ret, nc_error *err)
{
	nc_live *c = nc_calloc(1, sizeof(*c));
	if (!c)
		return nc_err_nomem(err);
	nc_list_init(&c->inst_link);
	nc_list_init(&c->queue_link);
	c->verb = v;
	c->spec = *s;
	c->fd = -1;
	c->refs = 2; /* the table's and the caller's */
	nc_code rc = fill_block(c, s, err);
	if (rc == NC_OK && nc_live_enter(c) != NC_OK)
		rc = nc_err_nomem(err);
	if (rc != NC_OK) {
		nc_free(c->block);
		nc_free(c);
		return rc;
	}
	c->inst = nc_pinst_ref(inst);
	*ret = c;
	return NC_OK;
}

/* Under inst_lock: may a call of an owner's be taken? */
static nc_code admit(nc_pinst *inst, nc_live *c, nc_error *err)
{
	if (inst->is_closing || inst->state == NC_PINST_CLOSED)
		return nc_err(err, NC_E_UNAVAILABLE, "instance %s is closed", inst->name);
	if (inst->state != NC_PINST_ACTIVE) {
		nc_code rc = nc_err(err, NC_E_UNAVAILABLE, "instance %s is %s: %s", inst->name,
			nc_pinst_state_name(inst->state), inst->why);
		int64_t left = inst->back_at_us - nc_clock_mono_us();
		if (err && inst->state == NC_PINST_LOST) {
			err->flags |= NC_ERR_RETRYABLE;
			err->retry_after_ms = (uint32_t)NC_MAX(left / 1000, (int64_t)100);
		}
		return rc;
	}
	if (inst->n_queued >= NC_QUEUED_MAX)
		return nc_err(err, NC_E_BUSY, "instance %s has %u calls waiting", inst->name,
			inst->n_queued);
	nc_target *t = nc_queue_target(inst, c->target_name);
	if (!t)
		return nc_err_nomem(err);
	if (nc_queue_is_stuck(inst, t)) {
		nc_code rc = nc_err(err, NC_E_UNAVAILABLE,
			"target \"%s\" of instance %s does not answer: %u calls hang", t->name,
			inst->name, t->stuck);
		if (err)
			err->flags |= NC_ERR_RETRYABLE;
		return rc;
	}
	c->target = t;
	nc_list_add_tail(&inst->live, &c->inst_link);
	nc_queue_add(inst, c);
	inst->n_calls++;
	return NC_OK;
}

/* Under inst_lock: a lifecycle call waits for nothing. */
static void admit_life(nc_pinst *inst, nc_live *c)
{
	nc_list_add_tail(&inst->live, &c->inst_link);
	c->state = NC_LIVE_STARTING;
	c->started_us = nc_clock_mono_us();
}

nc_code nc_pinst_start_call(nc_pinst *inst, const nc_verb *verb, const nc_call_spec *spec, int fd,
	nc_call *ret, nc_error *err)
{
	nc_live *c = NULL;
	int is_life = verb->number >= NC_VERB_MAX;
	nc_code rc = make_live(inst, verb, spec, &c, err);
	if (rc != NC_OK)
		return rc;
	c->fd = fd;
	pthread_mutex_lock(&inst->inst_lock);
	if (is_life)
		admit_life(inst, c);
	else
		rc = admit(inst, c, err);
	pthread_mutex_unlock(&inst->inst_lock);
	if (rc != NC_OK) {
		c->fd = -1; /* still the caller's */
		nc_live_forget(c);
		nc_live_unref(c);
		return rc;
	}
	if (ret)
		ret->v = c->handle;
	if (spec->deadline_us)
		nc_live_set_timer(
			c, NC_MIN(spec->deadline_us - nc_clock_mono_us(), NC_LIVE_SLOW_US));
	if (is_life)
		start(inst, c);
	else
		nc_pinst_pump(inst);
	nc_live_unref(c);
	return NC_OK;
}

nc_code nc_pinst_call(nc_pinst *inst, const nc_call_spec *spec, nc_call *ret_call, nc_error *err)
{
	nc_code rc = nc_pinst_require(inst, spec->verb, err);
	if (rc != NC_OK)
		return rc;
	const nc_verb *v = nc_verb_find(spec->verb);
	if (v->shape == NC_SHAPE_STREAM)
		return nc_err(err, NC_E_INVAL, "%s needs a socket", v->name);
	if ((rc = check_spec(v, spec, err)) != NC_OK)
		return rc;
	return nc_pinst_start_call(inst, v, spec, -1, ret_call, err);
}

nc_code nc_pinst_stream(
	nc_pinst *inst, const nc_call_spec *spec, int *ret_fd, nc_call *ret_call, nc_error *err)
{
	int fds[2];
	const nc_verb *v = nc_verb_find("stream.open");
	nc_code rc = nc_pinst_require(inst, v->name, err);
	if (rc != NC_OK || (rc = check_spec(v, spec, err)) != NC_OK)
		return rc;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return nc_err_errno(err, errno, "could not make a stream");
	_cleanup_(nc_closep) int ours = fds[0];
	_cleanup_(nc_closep) int theirs = fds[1];
	int flags = fcntl(ours, F_GETFL);
	if (flags < 0 || fcntl(ours, F_SETFL, flags | O_NONBLOCK) < 0)
		return nc_err_errno(err, errno, "could not make a stream");
	rc = nc_pinst_start_call(inst, v, spec, theirs, ret_call, err);
	if (rc != NC_OK)
		return rc;
	theirs = -1; /* the call's */
	*ret_fd = nc_steal_fd(&ours);
	return NC_OK;
}

void nc_call_stop(nc_call call, int32_t reason)
{
	nc_live *c = reason == NC_CANCEL || reason == NC_DETACH || reason == NC_DEADLINE
			     ? nc_live_get(call.v)
			     : NULL;
	if (!c)
		return;
	nc_error err = NC_ERROR_INIT;
	nc_err(&err, reason == NC_DEADLINE ? NC_E_TIMEOUT : NC_E_CANCELLED,
		"%s of instance %s was stopped before it was sent", c->verb->name, c->inst->name);
	pthread_mutex_lock(&c->inst->inst_lock);
	int is_question = nc_live_holds_cancel(c, reason);
	pthread_mutex_unlock(&c->inst->inst_lock);
	if (!is_question && nc_live_unqueue(c)) {
		nc_live_fail(c, NC_CANCELLED, &err);
		nc_pinst_pump(c->inst);
	} else {
		pthread_mutex_lock(&c->inst->inst_lock);
		int shall_tell = !c->is_ended && c->stop_reason != reason;
		int is_sent = c->state == NC_LIVE_SENT && !nc_live_holds_cancel(c, reason);
		if (shall_tell)
			c->stop_reason = reason;
		pthread_mutex_unlock(&c->inst->inst_lock);
		if (shall_tell && is_sent) /* else start passes it on */
			nc_transport_stop(c->inst, call.v, reason);
	}
	nc_live_unref(c);
}

void nc_call_checkpoint_done(nc_call call, uint64_t ticket, nc_code code)
{
	nc_live *c = nc_live_get(call.v);
	if (!c)
		return;
	nc_transport_checkpoint_done(c->inst, ticket, code);
	nc_live_unref(c);
}
