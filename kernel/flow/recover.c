/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking a driver what became of a call whose operation has ended, and waiting for the answer. Any
 * thread that may block; no lock held meanwhile.
 */
#include "base/err.h"
#include "base/wait.h"
#include "flow/internal.h"

typedef struct answer {
	pthread_mutex_t answer_lock;
	pthread_cond_t has_come;
	int is_there;
	nc_code code;
	nc_error err;
	nc_recovered *ret;
} answer;

static void on_answer(void *arg, const nc_op_result *r)
{
	answer *a = arg;

	pthread_mutex_lock(&a->answer_lock);
	a->code = r->code;
	nc_err_copy(&a->err, r->err);
	a->ret->state = r->recovered;
	a->ret->outcome = r->outcome;
	nc_buf_put(&a->ret->result, r->result.ptr, r->result.len);
	a->is_there = 1;
	pthread_cond_signal(&a->has_come);
	pthread_mutex_unlock(&a->answer_lock);
}

static void on_progress(void *arg, uint32_t permille, const char *phase)
{
	(void)arg;
	(void)permille;
	(void)phase;
}

/* Nobody writes it into a record that has ended. */
static void on_checkpoint(void *arg, nc_bytes token, void (*ack)(void *, nc_code), void *ack_arg)
{
	(void)arg;
	(void)token;
	ack(ack_arg, NC_E_UNAVAILABLE);
}

/* 0 = the time is over. */
static int wait_for(answer *a, int64_t until_us)
{
	pthread_mutex_lock(&a->answer_lock);
	while (!a->is_there && nc_cond_wait_until(&a->has_come, &a->answer_lock, until_us))
		;
	int is_there = a->is_there;
	pthread_mutex_unlock(&a->answer_lock);
	return is_there;
}

static void answer_init(answer *a, nc_recovered *ret)
{
	*a = (answer){ .ret = ret };
	pthread_mutex_init(&a->answer_lock, NULL);
	nc_cond_init(&a->has_come);
}

static void answer_done(answer *a)
{
	pthread_cond_destroy(&a->has_come);
	pthread_mutex_destroy(&a->answer_lock);
}

void nc_recovered_done(nc_recovered *r)
{
	nc_buf_done(&r->result);
}

nc_code nc_flow_recover(nc_flow *f, const nc_op_call *call, const char *key, int watch_s,
	nc_recovered *ret, nc_error *err)
{
	_cleanup_(answer_done) answer a;
	const nc_op_sink sink = { on_answer, on_progress, on_checkpoint, &a };
	uint64_t handle = 0;

	answer_init(&a, ret);
	nc_code rc = f->driver.call(f->driver.ctx, call, key, 1, &sink, &handle, err);
	if (rc != NC_OK)
		return rc;
	if (!wait_for(&a, nc_clock_mono_us() + INT64_C(1000000) * watch_s)) {
		f->driver.stop(f->driver.ctx, handle, NC_DETACH);
		wait_for(&a, INT64_MAX); /* the call has a deadline */
	}
	if (a.code == NC_OK && nc_buf_failed(&ret->result))
		return nc_err_nomem(err);
	if (a.code != NC_OK)
		nc_err_copy(err, &a.err);
	return a.code;
}
