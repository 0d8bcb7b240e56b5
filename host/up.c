/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/secret.h"
#include "host.h"
#include "plugin/slots.h"

/*
 * Each event of the runtime becomes one frame, sent by the thread it comes from; packets don't mix, so
 * no lock is needed. Reports, logs and metrics are dropped rather than waited for. Questions are frames
 * with a token, and the asking thread sleeps until the main thread brings the answer.
 */

#define ASKS_MAX     1024u
#define TRIES        20
#define TRY_AGAIN_US 1000

/* 1: sent. For want of memory it is tried some times, since all else would wait for it for ever. */
static int try_send(const nc_frame *f, int tries, nc_error *err)
{
	for (;; nc_clock_sleep_us(TRY_AGAIN_US)) {
		nc_code rc = nc_wire_send(NC_WIRE_FD, f, NC_WIRE_WAIT, err);
		if (rc == NC_E_UNAVAILABLE)
			_exit(0); /* the daemon is gone: die now */
		if (rc == NC_OK || --tries <= 0)
			return rc == NC_OK;
	}
}

void nc_host_send(const nc_frame *f)
{
	nc_error err = NC_ERROR_INIT;
	if (try_send(f, TRIES, &err))
		return;
	if (err.code == NC_OK)
		nc_err_nomem(&err); /* the socket had no room, and said so twenty times */
	/* A large body takes memory and a descriptor: the end must get there still. */
	nc_frame bare = *f;
	bare.body = (nc_bytes){ NULL, 0 };
	bare.code = err.code;
	bare.err = &err;
	if (f->type == NC_F_COMPLETED)
		bare.a = NC_UNKNOWN;
	if (!try_send(&bare, TRIES, NULL))
		_exit(1); /* then let it be seen that we are at the end */
}

/* ---- calls ---- */

static void returned(void *user, uint64_t call, const nc_rt_return *r)
{
	const nc_host_inst *inst = user;
	nc_host_send(&(nc_frame){ .type = NC_F_RETURNED,
		.inst = inst->number,
		.call = call,
		.a = (uint64_t)(r->recover_state + 1),
		.b = r->n_objects,
		.code = r->code,
		.err = r->err,
		.body = r->result,
		.fd = -1 });
}

void nc_host_refuse(uint32_t inst, uint64_t call, const nc_error *err)
{
	nc_host_send(&(nc_frame){ .type = NC_F_RETURNED,
		.inst = inst,
		.call = call,
		.code = err->code,
		.err = err,
		.fd = -1 });
}

static void completed(
	void *user, uint64_t call, int32_t outcome, const nc_error *err, nc_bytes result)
{
	const nc_host_inst *inst = user;
	nc_host_send(&(nc_frame){ .type = NC_F_COMPLETED,
		.inst = inst->number,
		.call = call,
		.a = (uint64_t)outcome,
		.code = err->code,
		.err = err,
		.body = result,
		.fd = -1 });
}

static nc_code object(void *user, uint64_t call, nc_bytes json)
{
	const nc_host_inst *inst = user;
	nc_error err = NC_ERROR_INIT;
	nc_code rc = nc_wire_send(NC_WIRE_FD,
		&(nc_frame){ .type = NC_F_OBJECT,
			.inst = inst->number,
			.call = call,
			.body = json,
			.fd = -1 },
		NC_WIRE_WAIT, &err);
	if (rc == NC_E_UNAVAILABLE)
		_exit(0);
	return rc;
}

static void progress(void *user, uint64_t call, uint32_t permille, const char *phase)
{
	const nc_host_inst *inst = user;
	nc_host_send(&(nc_frame){ .type = NC_F_PROGRESS,
		.inst = inst->number,
		.call = call,
		.a = permille,
		.s1 = nc_str(phase),
		.fd = -1 });
}

static void checkpoint(void *user, uint64_t call, uint64_t ticket, nc_bytes token)
{
	const nc_host_inst *inst = user;
	nc_host_send(&(nc_frame){ .type = NC_F_CHECKPOINT,
		.inst = inst->number,
		.call = call,
		.a = ticket,
		.body = token,
		.fd = -1 });
}

static void strike(void *user, nc_rule rule, const char *what)
{
	const nc_host_inst *inst = user;
	nc_host_send(&(nc_frame){ .type = NC_F_STRIKE,
		.inst = inst->number,
		.a = (uint64_t)rule,
		.s1 = nc_str(what),
		.fd = -1 });
}

void nc_host_late(void *unused, const char *function)
{
	char what[120];
	nc_buf b;
	(void)unused;
	nc_buf_init_fixed(&b, what, sizeof(what));
	nc_buf_printf(&b, "%s after destroy had returned", function);
	/* The instance has no number any more; 0 is the process. */
	nc_host_send(&(nc_frame){
		.type = NC_F_STRIKE, .a = NC_P5_AFTER_DESTROY, .s1 = nc_buf_bytes(&b), .fd = -1 });
}

/* ---- what may be dropped ---- */

static void log_line(void *user, int32_t level, const char *event, nc_bytes json)
{
	const nc_host_inst *inst = user;
	(void)nc_wire_send(NC_WIRE_FD,
		&(nc_frame){ .type = NC_F_LOG,
			.inst = inst->number,
			.a = (uint64_t)level,
			.s1 = nc_str(event),
			.body = json,
			.fd = -1 },
		NC_WIRE_DONT_WAIT, NULL);
}

static void metric(void *user, int is_gauge, const char *name, const char *label, double v)
{
	const nc_host_inst *inst = user;
	uint64_t bits;
	memcpy(&bits, &v, sizeof(bits));
	(void)nc_wire_send(NC_WIRE_FD,
		&(nc_frame){ .type = NC_F_METRIC,
			.inst = inst->number,
			.a = (uint64_t)is_gauge,
			.b = bits,
			.s1 = nc_str(name),
			.s2 = nc_str(label),
			.fd = -1 },
		NC_WIRE_DONT_WAIT, NULL);
}

static pthread_mutex_t reports_lock = PTHREAD_MUTEX_INITIALIZER; /* guards reports_lost of all */

/* Tell of a gap before anything newer; 0 while there is no room even for that. */
static int tell_gap(nc_host_inst *inst)
{
	pthread_mutex_lock(&reports_lock);
	int has_gap = inst->reports_lost;
	pthread_mutex_unlock(&reports_lock);
	if (!has_gap)
		return 1;
	if (nc_wire_send(NC_WIRE_FD,
		    &(nc_frame){ .type = NC_F_REPORT_LOST, .inst = inst->number, .fd = -1 },
		    NC_WIRE_DONT_WAIT, NULL) != NC_OK)
		return 0;
	pthread_mutex_lock(&reports_lock);
	inst->reports_lost = 0;
	pthread_mutex_unlock(&reports_lock);
	return 1;
}

static nc_code report(void *user, nc_bytes target, uint64_t obs_seq, nc_bytes json)
{
	nc_host_inst *inst = user;
	nc_frame f = { .type = NC_F_REPORT,
		.inst = inst->number,
		.a = obs_seq,
		.s1 = target,
		.body = json,
		.fd = -1 };
	if (tell_gap(inst) && nc_wire_send(NC_WIRE_FD, &f, NC_WIRE_DONT_WAIT, NULL) == NC_OK)
		return NC_OK;
	pthread_mutex_lock(&reports_lock);
	inst->reports_lost = 1;
	pthread_mutex_unlock(&reports_lock);
	return NC_OK; /* level-triggered: inventory will make it good */
}

/* ---- questions ---- */

typedef struct ask {
	pthread_cond_t has_answer_cond;
	int has_answer;
	nc_code code;
	nc_error *err;
	nc_buf *out;
} ask;

static pthread_mutex_t asks_lock = PTHREAD_MUTEX_INITIALIZER; /* guards asks and what they hold */
static nc_slots asks;                                         /* ask * on the asker's stack */

static nc_code enter_ask(ask *a, uint64_t *ret_token)
{
	pthread_mutex_lock(&asks_lock);
	if (asks.max == 0)
		nc_slots_init(&asks, sizeof(ask *), ASKS_MAX);
	ask **place = nc_slots_take(&asks, ret_token);
	if (place)
		*place = a;
	pthread_mutex_unlock(&asks_lock);
	return place ? NC_OK : NC_E_BUSY;
}

static void wait_answer(ask *a, uint64_t token)
{
	pthread_mutex_lock(&asks_lock);
	while (!a->has_answer)
		pthread_cond_wait(&a->has_answer_cond, &asks_lock);
	nc_slots_release(&asks, token);
	pthread_mutex_unlock(&asks_lock);
}

static nc_code do_ask(const nc_host_inst *inst, nc_ask kind, nc_bytes name, nc_bytes value,
	nc_buf *out, nc_error *err)
{
	ask a = { .err = err, .out = out };
	uint64_t token;
	pthread_cond_init(&a.has_answer_cond, NULL);
	if (enter_ask(&a, &token) != NC_OK) {
		pthread_cond_destroy(&a.has_answer_cond);
		return nc_err(err, NC_E_BUSY, "too many questions at once");
	}
	nc_host_send(&(nc_frame){ .type = NC_F_ASK,
		.inst = inst->number,
		.a = token,
		.b = kind,
		.s1 = name,
		.body = value,
		.fd = -1 });
	wait_answer(&a, token);
	pthread_cond_destroy(&a.has_answer_cond);
	return a.code;
}

void nc_host_take_answer(const nc_frame *f)
{
	pthread_mutex_lock(&asks_lock);
	ask **place = asks.max ? nc_slots_get(&asks, f->a) : NULL;
	if (place && !(*place)->has_answer) {
		ask *a = *place;
		a->code = f->code;
		if (f->code != NC_OK)
			nc_err_copy(a->err, f->err);
		else if (a->out)
			nc_buf_put(a->out, f->body.ptr, f->body.len);
		a->has_answer = 1;
		pthread_cond_signal(&a->has_answer_cond);
	}
	pthread_mutex_unlock(&asks_lock);
}

static nc_code secret_open(
	void *user, nc_bytes handle, void *buf, size_t cap, size_t *ret_len, nc_error *err)
{
	char room[NC_WIRE_INLINE];
	nc_buf out;
	nc_buf_init_fixed(&out, room, sizeof(room));
	nc_bytes none = { NULL, 0 };
	nc_code rc = do_ask(user, NC_ASK_SECRET, handle, none, &out, err);
	if (rc == NC_OK && (nc_buf_failed(&out) || out.len > cap))
		rc = nc_err(err, NC_E_INVAL, "the secret has %zu bytes, there is room for %zu",
			out.len, cap);
	if (rc == NC_OK) {
		memcpy(buf, out.ptr, out.len);
		*ret_len = out.len;
	}
	nc_zero(room, sizeof(room));
	return rc;
}

static nc_code kv_put(void *user, nc_bytes key, nc_bytes val, nc_error *err)
{
	return do_ask(user, NC_ASK_KV_PUT, key, val, NULL, err);
}

static nc_code kv_get(void *user, nc_bytes key, nc_buf *out, nc_error *err)
{
	return do_ask(user, NC_ASK_KV_GET, key, (nc_bytes){ NULL, 0 }, out, err);
}

static nc_code kv_del(void *user, nc_bytes key, nc_error *err)
{
	return do_ask(user, NC_ASK_KV_DEL, key, (nc_bytes){ NULL, 0 }, NULL, err);
}

const nc_rt_up nc_host_up = { .returned = returned,
	.completed = completed,
	.object = object,
	.progress = progress,
	.checkpoint = checkpoint,
	.log = log_line,
	.report = report,
	.secret_open = secret_open,
	.kv_put = kv_put,
	.kv_get = kv_get,
	.kv_del = kv_del,
	.metric = metric,
	.strike = strike };
