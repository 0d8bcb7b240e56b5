/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "plugin/hostproc.h"
#include "plugin/loader_internal.h"
#include "plugin/remote.h"

/*
 * The way to a plugin in nc-plugin-host: each call of the transport is one frame, sent at once or
 * queued, never waited for. The process behind it changes when it is restarted; the instance's number
 * in it too, so that nothing of the former one is ever taken for the present one's.
 */

#define CLOSE_EXTRA_US INT64_C(1000000) /* beyond what the host itself waits */

typedef struct remote {
	nc_pinst *inst;
	pthread_mutex_t remote_lock; /* guards what follows */
	nc_hostproc *h;              /* a reference; NULL while there is none */
	uint32_t number;
} remote;

/* The present process and number; NULL when there is none. The caller unrefs. */
static nc_hostproc *present(remote *r, uint32_t *ret_number)
{
	pthread_mutex_lock(&r->remote_lock);
	nc_hostproc *h = r->h ? nc_hostproc_ref(r->h) : NULL;
	*ret_number = r->number;
	pthread_mutex_unlock(&r->remote_lock);
	return h;
}

static nc_code send_to(remote *r, nc_frame *f, nc_error *err)
{
	_cleanup_(nc_hostproc_unrefp) nc_hostproc *h = present(r, &f->inst);
	if (!h)
		return nc_err(
			err, NC_E_UNAVAILABLE, "the process of instance %s is down", r->inst->name);
	return nc_hostproc_send(h, f, err);
}

static nc_code start(void *t, const nc_rt_call *call, nc_error *err)
{
	nc_frame f = { .type = NC_F_CALL,
		.call = call->id,
		.a = call->deadline_ns,
		.s1 = nc_str(call->verb->name),
		.s2 = call->target,
		.s3 = nc_str(call->key),
		.body = call->request,
		.fd = call->fd };
	nc_code rc = send_to(t, &f, err);
	if (rc == NC_OK && call->fd >= 0) {
		int fd = call->fd; /* sent or queued as a copy: ours is done with */
		nc_closep(&fd);
	}
	return rc;
}

static void stop(void *t, uint64_t id, int32_t reason)
{
	nc_frame f = { .type = NC_F_STOP, .call = id, .a = (uint64_t)reason, .fd = -1 };
	(void)send_to(t, &f, NULL); /* a process that is gone stops for good */
}

static void forfeit(void *t, uint64_t id)
{
	nc_frame f = { .type = NC_F_FORFEIT, .call = id, .fd = -1 };
	(void)send_to(t, &f, NULL);
}

static void checkpoint_done(void *t, uint64_t ticket, nc_code code)
{
	nc_frame f = { .type = NC_F_CHECKPOINT_DONE, .a = ticket, .code = code, .fd = -1 };
	(void)send_to(t, &f, NULL);
}

static void let_go(remote *r)
{
	pthread_mutex_lock(&r->remote_lock);
	nc_hostproc *h = nc_steal(&r->h);
	uint32_t number = r->number;
	pthread_mutex_unlock(&r->remote_lock);
	if (!h)
		return;
	nc_hostproc_detach(h, number);
	nc_hostproc_unref(h);
}

static nc_code close_remote(void *t, int64_t timeout_us)
{
	remote *r = t;
	uint32_t number;
	nc_hostproc *h = present(r, &number);
	nc_code rc = NC_OK;
	if (h) {
		nc_frame f = {
			.type = NC_F_CLOSE, .inst = number, .a = (uint64_t)timeout_us, .fd = -1
		};
		if (nc_hostproc_send(h, &f, NULL) == NC_OK)
			rc = nc_hostproc_wait_closed(
				h, number, nc_clock_mono_us() + timeout_us + CLOSE_EXTRA_US);
	}
	let_go(r);
	/* Nobody else lives in there: the process that hangs may as well go. Of an exclusive plugin it must,
	 * for the next instance may not live beside this one; the others come back with their calls
	 * recovered. */
	int is_exclusive = r->inst->found->manifest->is_exclusive;
	if (rc == NC_E_TIMEOUT && (is_exclusive || nc_hostproc_instances(h) == 0)) {
		nc_hostproc_kill(h, is_exclusive ? "it did not close an instance, and is exclusive"
						 : "it did not close its last instance");
		nc_hostproc_wait_gone(h, nc_clock_mono_us() + CLOSE_EXTRA_US);
	}
	if (h)
		nc_hostproc_unref(h);
	pthread_mutex_destroy(&r->remote_lock);
	nc_free(r);
	return rc;
}

static const nc_transport transport = { .start = start,
	.stop = stop,
	.forfeit = forfeit,
	.checkpoint_done = checkpoint_done,
	.close = close_remote };

nc_code nc_remote_attach(nc_pinst *inst, nc_hostproc *h, nc_error *err)
{
	remote *r = inst->t;
	pthread_mutex_lock(&r->remote_lock);
	int is_there = r->h == h; /* opened just as the process came back */
	pthread_mutex_unlock(&r->remote_lock);
	if (is_there)
		return NC_OK;
	uint32_t number;
	nc_code rc = nc_hostproc_attach(h, inst, &number, err);
	if (rc != NC_OK)
		return rc;
	pthread_mutex_lock(&r->remote_lock);
	nc_hostproc *old = r->h;
	r->h = nc_hostproc_ref(h);
	r->number = number;
	pthread_mutex_unlock(&r->remote_lock);
	if (old)
		nc_hostproc_unref(old);
	nc_frame f = { .type = NC_F_OPEN,
		.inst = number,
		.a = inst->max_concurrency,
		.s1 = nc_str(inst->name),
		.fd = -1 };
	rc = nc_hostproc_send(h, &f, err);
	if (rc != NC_OK)
		let_go(r); /* or the next time it would be taken for one that is there */
	return rc;
}

void nc_remote_detach(nc_pinst *inst)
{
	let_go(inst->t);
}

nc_code nc_remote_open(nc_pinst *inst, nc_error *err)
{
	nc_found *f = inst->found;
	remote *r = nc_calloc(1, sizeof(*r));
	if (!r)
		return nc_err_nomem(err);
	r->inst = inst;
	pthread_mutex_init(&r->remote_lock, NULL);
	nc_transport_set(inst, &transport, r);
	pthread_mutex_lock(&f->p->lock);
	nc_hostproc *h = f->process ? nc_hostproc_ref(f->process) : NULL;
	pthread_mutex_unlock(&f->p->lock);
	if (!h) {
		nc_code rc = nc_err(err, NC_E_UNAVAILABLE,
			"the process of plugin %s is being restarted", f->id);
		if (err)
			err->flags |= NC_ERR_RETRYABLE;
		return rc;
	}
	nc_code rc = nc_remote_attach(inst, h, err);
	nc_hostproc_unref(h);
	return rc;
}
