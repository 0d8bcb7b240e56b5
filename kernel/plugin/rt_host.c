/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "plugin/manifest.h"
#include "plugin/rt_internal.h"

/*
 * The context behind nc_host, and the door of every host call. Contexts live for ever on one list;
 * what changes is whether a runtime stands behind them. A call through a context whose instance is
 * gone finds none, is refused and counted as P5.
 */

#define LOG_JSON_MAX  (16u << 10)
#define LOG_EVENT_MAX 64u

static pthread_mutex_t all_lock = PTHREAD_MUTEX_INITIALIZER; /* guards all_contexts */
static nc_host_ctx *all_contexts;

nc_rt *nc_ctx_enter(nc_host_ctx *ctx, const char *function)
{
	if (!ctx)
		return NULL;
	pthread_mutex_lock(&ctx->ctx_lock);
	nc_rt *rt = ctx->rt;
	ctx->n_inside++;
	void (*late)(void *, const char *) = rt ? NULL : ctx->late;
	void *late_user = ctx->late_user;
	pthread_mutex_unlock(&ctx->ctx_lock);
	if (rt)
		return rt;
	if (late)
		late(late_user, function);
	nc_ctx_leave(ctx);
	return NULL;
}

void nc_ctx_leave(nc_host_ctx *ctx)
{
	pthread_mutex_lock(&ctx->ctx_lock);
	if (--ctx->n_inside == 0)
		pthread_cond_broadcast(&ctx->has_left);
	pthread_mutex_unlock(&ctx->ctx_lock);
}

void nc_ctx_retire(nc_host_ctx *ctx)
{
	pthread_mutex_lock(&ctx->ctx_lock);
	ctx->rt = NULL;
	while (ctx->n_inside > 0)
		pthread_cond_wait(&ctx->has_left, &ctx->ctx_lock);
	pthread_mutex_unlock(&ctx->ctx_lock);
}

void nc_rt_forget(const void *late_user)
{
	pthread_mutex_lock(&all_lock);
	for (nc_host_ctx *ctx = all_contexts; ctx; ctx = ctx->next) {
		pthread_mutex_lock(&ctx->ctx_lock);
		if (ctx->late_user == late_user) {
			ctx->late = NULL;
			/* One that is in `late` just now must be out before its user goes. */
			while (!ctx->rt && ctx->n_inside > 0)
				pthread_cond_wait(&ctx->has_left, &ctx->ctx_lock);
		}
		pthread_mutex_unlock(&ctx->ctx_lock);
	}
	pthread_mutex_unlock(&all_lock);
}

/* ---- the table ---- */

static const void *host_get_extension(nc_host_ctx *ctx, const char *id)
{
	nc_rt *rt = nc_ctx_enter(ctx, "get_extension");
	if (!rt)
		return NULL;
	const void *table = id && nc_manifest_asks_for(rt->manifest, id) ? nc_rt_service(id) : NULL;
	nc_ctx_leave(ctx);
	return table;
}

static void host_log(nc_host_ctx *ctx, int32_t level, const char *event, nc_bytes json)
{
	nc_rt *rt = nc_ctx_enter(ctx, "log");
	if (!rt)
		return;
	char name[LOG_EVENT_MAX];
	strncpy(name, event ? event : "", sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	if (json.len > LOG_JSON_MAX) {
		nc_rt_strike(rt, NC_P11_LIMITS, "a log line of %zu bytes", json.len);
		json = (nc_bytes){ NULL, 0 };
	}
	level = level < NC_LOG_ERROR ? NC_LOG_ERROR : NC_MIN(level, (int32_t)NC_LOG_TRACE);
	if (nc_rt_speak(rt)) {
		rt->up->log(rt->user, level, name, json);
		nc_rt_spoke(rt);
	}
	nc_ctx_leave(ctx);
}

nc_host_ctx *nc_ctx_new(nc_rt *rt, const nc_rt_options *opt)
{
	nc_host_ctx *ctx = nc_calloc(1, sizeof(*ctx));
	if (!ctx)
		return NULL;
	ctx->table = (nc_host){ .struct_size = sizeof(nc_host),
		.abi = NC_ABI,
		.ctx = ctx,
		.get_extension = host_get_extension,
		.log = host_log,
		.sink_write = nc_sink_write,
		.op_stop_reason = nc_rt_op_stop_reason,
		.op_deadline_ns = nc_rt_op_deadline_ns,
		.op_key = nc_rt_op_key,
		.op_progress = nc_rt_op_progress,
		.op_checkpoint = nc_rt_op_checkpoint,
		.op_complete = nc_rt_op_complete };
	ctx->rt = rt;
	ctx->late = opt->late;
	ctx->late_user = opt->late_user;
	pthread_mutex_init(&ctx->ctx_lock, NULL);
	pthread_cond_init(&ctx->has_left, NULL);
	pthread_mutex_lock(&all_lock);
	ctx->next = all_contexts;
	all_contexts = ctx;
	pthread_mutex_unlock(&all_lock);
	return ctx;
}
