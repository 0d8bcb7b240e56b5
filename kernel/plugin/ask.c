/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/secret.h"
#include "novacron/host_services.h"
#include "plugin/hostproc.h"
#include "plugin/loader_internal.h"

/*
 * Questions from a process (open a secret, use kv): they may block, so they are answered on the
 * service pool, at most as many at once as the process has places. Every question gets its answer,
 * if only "no memory", for a thread of the plugin waits for it.
 */

typedef struct ask {
	nc_job job;
	nc_hostproc *h; /* a reference */
	nc_pinst *inst; /* a reference */
	uint64_t token, kind;
	nc_bytes name, value; /* in bytes */
	char bytes[];
} ask;

static void answer(nc_hostproc *h, uint64_t token, nc_code code, const nc_error *err, nc_bytes body)
{
	(void)nc_hostproc_send(h,
		&(nc_frame){ .type = NC_F_ANSWER,
			.a = token,
			.code = code,
			.err = err,
			.body = body,
			.fd = -1,
			.is_sensitive = 1 },
		NULL); /* the process is gone, and with it who asked */
}

static nc_code open_secret(const ask *a, nc_buf *out, nc_error *err)
{
	size_t n = 0;
	char *room = nc_buf_reserve(out, NC_KV_VAL_MAX);
	if (!room)
		return nc_err_nomem(err);
	nc_code rc = nc_pinst_up.secret_open(a->inst, a->name, room, NC_KV_VAL_MAX, &n, err);
	if (rc == NC_OK)
		nc_buf_commit(out, n);
	return rc;
}

static nc_code do_ask(const ask *a, nc_buf *out, nc_error *err)
{
	switch (a->kind) {
	case NC_ASK_SECRET:
		return open_secret(a, out, err);
	case NC_ASK_KV_PUT:
		return nc_pinst_up.kv_put(a->inst, a->name, a->value, err);
	case NC_ASK_KV_GET:
		return nc_pinst_up.kv_get(a->inst, a->name, out, err);
	case NC_ASK_KV_DEL:
		return nc_pinst_up.kv_del(a->inst, a->name, err);
	default:
		return nc_err(err, NC_E_PROTO, "a question of no known kind");
	}
}

static void run(nc_job *job)
{
	ask *a = NC_CONTAINER(job, ask, job);
	nc_error err = NC_ERROR_INIT;
	nc_buf out;
	nc_buf_init(&out, NC_KV_VAL_MAX);
	nc_code rc = do_ask(a, &out, &err);
	if (rc == NC_OK && nc_buf_failed(&out))
		rc = nc_err_nomem(&err);
	answer(a->h, a->token, rc, &err, rc == NC_OK ? nc_buf_bytes(&out) : (nc_bytes){ NULL, 0 });
	if (out.ptr)
		nc_zero(out.ptr, out.cap);
	nc_buf_done(&out);
	nc_hostproc_give_ask(a->h);
	nc_hostproc_unref(a->h);
	nc_pinst_unref(a->inst);
	nc_free(a);
}

static ask *copy(nc_hostproc *h, nc_pinst *inst, const nc_frame *f)
{
	ask *a = nc_malloc(sizeof(*a) + f->s1.len + f->body.len + 1);
	if (!a)
		return NULL;
	*a = (ask){ .job.run = run,
		.h = nc_hostproc_ref(h),
		.inst = nc_pinst_ref(inst),
		.token = f->a,
		.kind = f->b };
	if (f->s1.len)
		memcpy(a->bytes, f->s1.ptr, f->s1.len);
	if (f->body.len)
		memcpy(a->bytes + f->s1.len, f->body.ptr, f->body.len);
	a->name = (nc_bytes){ a->bytes, f->s1.len };
	a->value = (nc_bytes){ a->bytes + f->s1.len, f->body.len };
	return a;
}

void nc_ask_begin(nc_hostproc *h, nc_pinst *inst, const nc_frame *f)
{
	nc_error err = NC_ERROR_INIT;
	nc_bytes none = { NULL, 0 };
	if (!nc_hostproc_take_ask(h)) {
		nc_err(&err, NC_E_BUSY, "too many questions at once");
		answer(h, f->a, NC_E_BUSY, &err, none);
		return;
	}
	ask *a = f->body.len <= NC_KV_VAL_MAX ? copy(h, inst, f) : NULL;
	if (a && nc_pool_submit(inst->p->services, &a->job) == NC_OK)
		return;
	nc_err_nomem(&err);
	answer(h, f->a, NC_E_NOMEM, &err, none);
	nc_hostproc_give_ask(h);
	if (a) {
		nc_hostproc_unref(a->h);
		nc_pinst_unref(a->inst);
		nc_free(a);
	}
}
