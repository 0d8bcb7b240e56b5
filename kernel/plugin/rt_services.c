/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/epoll.h>

#include "base/alloc.h"
#include "base/err.h"
#include "plugin/rt_internal.h"

/*
 * The host services: const tables whose functions check what the plugin gives and pass it up. What
 * may block (secrets, kv) is refused on the control thread in debug builds, where it would stop
 * every timer of the instance.
 */

static int is_misplaced(nc_rt *rt, const char *what)
{
	rt_thread t = nc_rt_thread_current();
	if (!NC_DEBUG || t.rt != rt || t.class != NC_THREAD_CONTROL)
		return 0;
	nc_rt_strike(rt, NC_P0_CONTRACT, "%s on the control thread, which must not block", what);
	return 1;
}

static nc_code gone(nc_error *err)
{
	return nc_err(err, NC_E_UNAVAILABLE, "the instance is gone");
}

/* ---- nc.report/1 ---- */

static nc_code report(nc_host_ctx *ctx, nc_bytes target, uint64_t obs_seq, nc_bytes json)
{
	nc_rt *rt = nc_ctx_enter(ctx, "report");
	if (!rt)
		return NC_E_UNAVAILABLE;
	nc_code rc = NC_E_INVAL;
	if (json.len > NC_SINK_MAX || target.len > NC_TARGET_MAX)
		nc_rt_strike(rt, NC_P11_LIMITS, "a report of %zu bytes", json.len);
	else if (!nc_rt_speak(rt))
		rc = NC_E_UNAVAILABLE;
	else {
		rc = rt->up->report(rt->user, target, obs_seq, json);
		nc_rt_spoke(rt);
	}
	nc_ctx_leave(ctx);
	return rc;
}

static const nc_report report_table = { .struct_size = sizeof(nc_report), .report = report };

/* ---- nc.secrets/1 ---- */

static nc_code secret_open(
	nc_host_ctx *ctx, nc_bytes handle, void *buf, size_t cap, size_t *ret_len, nc_error *err)
{
	nc_rt *rt = nc_ctx_enter(ctx, "secrets.open");
	if (!rt)
		return gone(err);
	nc_code rc;
	if (is_misplaced(rt, "secrets.open"))
		rc = nc_err(err, NC_E_INVAL, "secrets are opened on a worker");
	else if (!nc_rt_speak(rt))
		rc = gone(err);
	else {
		rc = rt->up->secret_open(rt->user, handle, buf, cap, ret_len, err);
		nc_rt_spoke(rt);
	}
	nc_ctx_leave(ctx);
	return rc;
}

static const nc_secrets secrets_table = { .struct_size = sizeof(nc_secrets), .open = secret_open };

/* ---- nc.kv/1 ---- */

static nc_code check_kv(nc_rt *rt, nc_bytes key, nc_bytes val, nc_error *err)
{
	if (is_misplaced(rt, "kv"))
		return nc_err(err, NC_E_INVAL, "kv is used on a worker");
	if (key.len == 0 || key.len > NC_KV_KEY_MAX)
		return nc_err(err, NC_E_INVAL, "a key of %zu bytes, 1 to %u are allowed", key.len,
			NC_KV_KEY_MAX);
	if (val.len > NC_KV_VAL_MAX) {
		nc_rt_strike(rt, NC_P11_LIMITS, "a kv value of %zu bytes", val.len);
		return nc_err(err, NC_E_INVAL, "a value of %zu bytes, %u are allowed", val.len,
			NC_KV_VAL_MAX);
	}
	return NC_OK;
}

typedef struct kv_call {
	nc_bytes key, val;
	nc_buf *out;
} kv_call;

static nc_code kv_do(nc_host_ctx *ctx, const char *what, const kv_call *c, nc_error *err)
{
	nc_rt *rt = nc_ctx_enter(ctx, what);
	if (!rt)
		return gone(err);
	nc_code rc = check_kv(rt, c->key, c->val, err);
	if (rc == NC_OK && !nc_rt_speak(rt))
		rc = gone(err);
	else if (rc == NC_OK) {
		const nc_rt_up *up = rt->up;
		rc = c->out       ? up->kv_get(rt->user, c->key, c->out, err)
		     : c->val.ptr ? up->kv_put(rt->user, c->key, c->val, err)
				  : up->kv_del(rt->user, c->key, err);
		nc_rt_spoke(rt);
	}
	nc_ctx_leave(ctx);
	return rc;
}

static nc_code kv_put(nc_host_ctx *ctx, nc_bytes key, nc_bytes val, nc_error *err)
{
	if (!val.ptr)
		val.ptr = "";
	return kv_do(ctx, "kv.put", &(kv_call){ .key = key, .val = val }, err);
}

static nc_code kv_get(nc_host_ctx *ctx, nc_bytes key, nc_sink *sink, nc_error *err)
{
	_cleanup_(nc_buf_done) nc_buf out;
	nc_buf_init(&out, NC_KV_VAL_MAX);
	nc_code rc = kv_do(ctx, "kv.get", &(kv_call){ .key = key, .out = &out }, err);
	if (rc == NC_OK && nc_buf_failed(&out))
		return nc_err_nomem(err);
	if (rc == NC_OK && (rc = nc_sink_write(sink, out.ptr, out.len)) != NC_OK)
		return nc_err(err, rc, "the sink did not take a value of %zu bytes", out.len);
	return rc;
}

static nc_code kv_del(nc_host_ctx *ctx, nc_bytes key, nc_error *err)
{
	return kv_do(ctx, "kv.del", &(kv_call){ .key = key }, err);
}

static nc_sink *kv_sink_new(nc_host_ctx *ctx, size_t cap)
{
	nc_rt *rt = nc_ctx_enter(ctx, "kv.sink_new");
	nc_buf *out = rt && cap > 0 && cap <= NC_SINK_MAX ? nc_malloc(sizeof(*out)) : NULL;
	nc_sink *sink = NULL;
	if (out) {
		nc_buf_init(out, cap);
		sink = nc_sink_open_buf(rt, out, 1);
		if (!sink)
			nc_free(out);
	}
	if (rt)
		nc_ctx_leave(ctx);
	return sink;
}

static nc_bytes kv_sink_bytes(nc_sink *sink)
{
	nc_buf *out = nc_sink_buf(sink);
	return out ? nc_buf_bytes(out) : (nc_bytes){ NULL, 0 };
}

static void kv_sink_free(nc_sink *sink)
{
	nc_buf *out = nc_sink_buf(sink);
	if (!out)
		return;
	nc_sink_close(sink, NULL);
	nc_buf_done(out);
	nc_free(out);
}

static const nc_kvstore kv_table = { .struct_size = sizeof(nc_kvstore),
	.put = kv_put,
	.get = kv_get,
	.del = kv_del,
	.sink_new = kv_sink_new,
	.sink_bytes = kv_sink_bytes,
	.sink_free = kv_sink_free };

/* ---- nc.timer/1 ---- */

/* Set around each callback on the control thread. */
typedef struct callback {
	rt_thread thread;
	nc_mark mark;
} callback;

static int begin_callback(nc_rt *rt, const char *what, callback *ret)
{
	if (!nc_rt_enter(rt))
		return 0;
	ret->thread = nc_rt_thread_enter(rt, NC_THREAD_CONTROL);
	ret->mark = nc_mark_enter(rt->plugin, what);
	return 1;
}

static void end_callback(nc_rt *rt, const callback *c)
{
	nc_mark_leave(c->mark);
	nc_rt_thread_leave(c->thread);
	nc_rt_leave(rt);
}

static void run_timer(const nc_closure *c, uint64_t timer)
{
	nc_rt *rt = c->ctx;
	callback cb;
	if (!begin_callback(rt, "timer", &cb))
		return;
	((nc_timer_fn)c->fn)(rt->self, timer, c->arg);
	end_callback(rt, &cb);
}

static nc_code timer_start(nc_host_ctx *ctx, uint64_t after_ns, uint64_t period_ns, nc_timer_fn fn,
	uint64_t user, uint64_t *ret_timer)
{
	nc_rt *rt = nc_ctx_enter(ctx, "timer.start");
	if (!rt)
		return NC_E_UNAVAILABLE;
	nc_code rc = fn ? nc_loop_timer_start(rt->control, after_ns, period_ns, run_timer,
				  (nc_closure){ .ctx = rt, .fn = (void (*)(void))fn, .arg = user },
				  ret_timer)
			: NC_E_INVAL;
	nc_ctx_leave(ctx);
	return rc;
}

static nc_code timer_stop(nc_host_ctx *ctx, uint64_t timer)
{
	nc_rt *rt = nc_ctx_enter(ctx, "timer.stop");
	if (!rt)
		return NC_E_UNAVAILABLE;
	nc_code rc = nc_loop_timer_stop(rt->control, timer);
	nc_ctx_leave(ctx);
	return rc;
}

static const nc_timer timer_table = {
	.struct_size = sizeof(nc_timer), .start = timer_start, .stop = timer_stop
};

/* ---- nc.fdwatch/1 ---- */

static const struct {
	uint32_t ours, epoll;
} event_bits[] = {
	{ NC_FD_READ, EPOLLIN },
	{ NC_FD_WRITE, EPOLLOUT },
	{ NC_FD_ERROR, EPOLLERR },
	{ NC_FD_HANGUP, EPOLLHUP | EPOLLRDHUP },
};

static uint32_t to_epoll(uint32_t events)
{
	uint32_t bits = 0;
	for (size_t i = 0; i < NC_LEN(event_bits); i++)
		if (events & event_bits[i].ours)
			bits |= event_bits[i].epoll;
	return bits;
}

static uint32_t from_epoll(uint32_t bits)
{
	uint32_t events = 0;
	for (size_t i = 0; i < NC_LEN(event_bits); i++)
		if (bits & event_bits[i].epoll)
			events |= event_bits[i].ours;
	return events;
}

static void run_fd(const nc_closure *c, int fd, uint32_t epoll_events)
{
	nc_rt *rt = c->ctx;
	callback cb;
	if (!begin_callback(rt, "fdwatch", &cb))
		return;
	((nc_fd_fn)c->fn)(rt->self, fd, from_epoll(epoll_events), c->arg);
	end_callback(rt, &cb);
}

static nc_code fd_add(nc_host_ctx *ctx, int32_t fd, uint32_t events, nc_fd_fn fn, uint64_t user)
{
	nc_rt *rt = nc_ctx_enter(ctx, "fdwatch.add");
	if (!rt)
		return NC_E_UNAVAILABLE;
	nc_code rc = fn ? nc_loop_fd_add(rt->control, fd, to_epoll(events), run_fd,
				  (nc_closure){ .ctx = rt, .fn = (void (*)(void))fn, .arg = user })
			: NC_E_INVAL;
	nc_ctx_leave(ctx);
	return rc;
}

static nc_code fd_mod(nc_host_ctx *ctx, int32_t fd, uint32_t events)
{
	nc_rt *rt = nc_ctx_enter(ctx, "fdwatch.mod");
	if (!rt)
		return NC_E_UNAVAILABLE;
	nc_code rc = nc_loop_fd_mod(rt->control, fd, to_epoll(events));
	nc_ctx_leave(ctx);
	return rc;
}

static nc_code fd_del(nc_host_ctx *ctx, int32_t fd)
{
	nc_rt *rt = nc_ctx_enter(ctx, "fdwatch.del");
	if (!rt)
		return NC_E_UNAVAILABLE;
	nc_code rc = nc_loop_fd_del(rt->control, fd);
	nc_ctx_leave(ctx);
	return rc;
}

static const nc_fdwatch fdwatch_table = {
	.struct_size = sizeof(nc_fdwatch), .add = fd_add, .mod = fd_mod, .del = fd_del
};

/* ---- nc.metrics/1 ---- */

static void metric(nc_host_ctx *ctx, int is_gauge, const char *name, const char *label, double v)
{
	nc_rt *rt = nc_ctx_enter(ctx, "metrics");
	if (!rt)
		return;
	if (name && nc_rt_speak(rt)) {
		rt->up->metric(rt->user, is_gauge, name, label ? label : "", v);
		nc_rt_spoke(rt);
	}
	nc_ctx_leave(ctx);
}

static void counter_add(nc_host_ctx *ctx, const char *name, const char *label, uint64_t n)
{
	metric(ctx, 0, name, label, (double)n);
}

static void gauge_set(nc_host_ctx *ctx, const char *name, const char *label, double v)
{
	metric(ctx, 1, name, label, v);
}

static const nc_metrics metrics_table = {
	.struct_size = sizeof(nc_metrics), .counter_add = counter_add, .gauge_set = gauge_set
};

/* ---- nc.threadcheck/1 ---- */

static int32_t thread_class(nc_host_ctx *ctx)
{
	nc_rt *rt = nc_ctx_enter(ctx, "thread_class");
	if (!rt)
		return NC_THREAD_OTHER;
	rt_thread t = nc_rt_thread_current();
	int32_t class = t.rt == rt ? t.class : NC_THREAD_OTHER;
	nc_ctx_leave(ctx);
	return class;
}

static const nc_threadcheck threadcheck_table = { .struct_size = sizeof(nc_threadcheck),
	.thread_class = thread_class };

const void *nc_rt_service(const char *id)
{
	static const struct {
		const char *id;
		const void *table;
	} services[] = {
		{ NC_EXT_REPORT, &report_table },
		{ NC_EXT_SECRETS, &secrets_table },
		{ NC_EXT_KV, &kv_table },
		{ NC_EXT_TIMER, &timer_table },
		{ NC_EXT_FDWATCH, &fdwatch_table },
		{ NC_EXT_METRICS, &metrics_table },
		{ NC_EXT_THREADCHECK, &threadcheck_table },
	};
	for (size_t i = 0; i < NC_LEN(services); i++)
		if (strcmp(services[i].id, id) == 0)
			return services[i].table;
	return NULL;
}
