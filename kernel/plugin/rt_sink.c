/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "plugin/rt_internal.h"

/*
 * Sinks. sink_write gets no context, so a sink is a handle dressed as a pointer into one table of
 * the process: a plugin that keeps one past its call, or gives it to another thread, is refused and
 * known by name. Only the thread that opened a sink may write, so a live one is used without a lock.
 */

_Static_assert(sizeof(void *) == sizeof(uint64_t), "a sink's handle travels in a pointer");

typedef struct sink {
	nc_rt *rt;
	pthread_t thread;
	int is_private; /* made by the plugin with sink_new */
	uint64_t call;  /* objects go up for this call … */
	nc_buf *out;    /* … or bytes into this buffer */
	uint64_t n_writes, n_bytes;
	nc_code broken; /* the first refusal; further writes get it too */
} sink;

static pthread_mutex_t sinks_lock = PTHREAD_MUTEX_INITIALIZER; /* guards what follows */
static nc_slots sinks;
static int is_ready;

/* The sink if it is live and this thread's. *ret_rt: the runtime of a live one, whosever. */
static sink *get(nc_sink *handle, nc_rt **ret_rt)
{
	pthread_mutex_lock(&sinks_lock);
	sink *s = is_ready ? nc_slots_get(&sinks, (uint64_t)(uintptr_t)handle) : NULL;
	*ret_rt = s ? s->rt : NULL;
	if (s && !pthread_equal(s->thread, pthread_self()))
		s = NULL;
	pthread_mutex_unlock(&sinks_lock);
	return s;
}

static nc_sink *open_sink(const sink *like)
{
	uint64_t handle = 0;
	pthread_mutex_lock(&sinks_lock);
	if (!is_ready)
		nc_slots_init(&sinks, sizeof(sink), NC_SLOTS_MAX - 1);
	is_ready = 1;
	sink *s = nc_slots_take(&sinks, &handle);
	if (s) {
		*s = *like;
		s->thread = pthread_self();
	}
	pthread_mutex_unlock(&sinks_lock);
	return s ? (nc_sink *)(uintptr_t)handle : NULL;
}

nc_sink *nc_sink_open_objects(nc_rt *rt, uint64_t call)
{
	return open_sink(&(sink){ .rt = rt, .call = call });
}

nc_sink *nc_sink_open_buf(nc_rt *rt, nc_buf *out, int is_private)
{
	return open_sink(&(sink){ .rt = rt, .out = out, .is_private = is_private });
}

uint64_t nc_sink_close(nc_sink *handle, nc_code *ret_code)
{
	pthread_mutex_lock(&sinks_lock);
	sink *s = is_ready ? nc_slots_get(&sinks, (uint64_t)(uintptr_t)handle) : NULL;
	uint64_t n = s ? s->n_writes : 0;
	if (s && ret_code)
		*ret_code = s->broken;
	nc_slots_release(&sinks, (uint64_t)(uintptr_t)handle);
	pthread_mutex_unlock(&sinks_lock);
	return n;
}

nc_buf *nc_sink_buf(nc_sink *handle)
{
	nc_rt *rt;
	sink *s = get(handle, &rt);
	return s && s->is_private ? s->out : NULL;
}

static nc_code write_object(sink *s, const void *p, size_t n)
{
	if (!nc_rt_speak(s->rt))
		return NC_E_CANCELLED;
	nc_code rc = s->rt->up->object(s->rt->user, s->call, (nc_bytes){ p, n });
	nc_rt_spoke(s->rt);
	return rc;
}

static nc_code write_bytes(sink *s, const void *p, size_t n)
{
	nc_buf_put(s->out, p, n);
	return s->out->error;
}

static nc_code refuse(sink *s, nc_code code)
{
	if (s->broken == NC_OK)
		s->broken = code;
	return code;
}

static nc_code write_live(sink *s, const void *p, size_t n)
{
	if (s->broken != NC_OK)
		return s->broken;
	size_t most = s->out ? s->out->limit : NC_SINK_MAX;
	if (n > most || s->n_bytes + n > (s->out ? most : NC_SINK_TOTAL_MAX)) {
		nc_rt_strike(s->rt, NC_P11_LIMITS,
			"a sink write of %zu bytes after %llu: past the limit", n,
			(unsigned long long)s->n_bytes);
		return refuse(s, NC_E_INVAL);
	}
	if (n > 0 && !p)
		return refuse(s, NC_E_INVAL);
	nc_code rc = s->out ? write_bytes(s, p, n) : write_object(s, p, n);
	if (rc != NC_OK)
		return refuse(s, rc);
	s->n_writes++;
	s->n_bytes += n;
	return NC_OK;
}

nc_code nc_sink_write(nc_sink *handle, const void *p, size_t n)
{
	nc_rt *rt;
	sink *s = get(handle, &rt);
	if (s)
		return write_live(s, p, n);
	/* Nobody's any more: then the instance whose thread this is, is the one to blame. */
	int is_live = rt != NULL;
	if (!rt)
		rt = nc_rt_thread_current().rt;
	if (rt)
		nc_rt_strike(rt, NC_P0_CONTRACT,
			is_live ? "sink_write from a thread that was not given the sink"
				: "sink_write after the call that the sink belonged to");
	return NC_E_INVAL;
}
