/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "plugin/inst_internal.h"
#include "plugin/rt.h"

/*
 * Which call starts next. A call waits in its target's list and holds no thread; targets with a call
 * that could start stand in a ring, so that one with a thousand calls gets its turn like one with a
 * single call. Everything here is under inst_lock and calls nobody.
 */

static uint32_t limit_of(const nc_pinst *inst, const nc_target *t)
{
	return t->len ? NC_MIN(inst->max_per_target, inst->max_concurrency) : inst->max_concurrency;
}

static nc_bytes name_of(const nc_target *t)
{
	return (nc_bytes){ t->name, t->len };
}

nc_target *nc_queue_target(nc_pinst *inst, nc_bytes name)
{
	nc_target *t = nc_map_get(inst->targets, name);
	if (t)
		return t;
	t = nc_calloc(1, sizeof(*t) + name.len + 1);
	if (!t)
		return NULL;
	nc_list_init(&t->ready_link);
	nc_list_init(&t->queued);
	t->len = name.len;
	if (name.len)
		memcpy(t->name, name.ptr, name.len);
	if (nc_map_put(inst->targets, name_of(t), t, NULL) == NC_OK)
		return t;
	nc_free(t);
	return NULL;
}

static void release_target(nc_pinst *inst, nc_target *t)
{
	if (t->n_calls > 0)
		return;
	nc_list_del(&t->ready_link);
	nc_map_del(inst->targets, name_of(t));
	nc_free(t);
}

/* Puts the target into the ring or takes it out, after anything about it has changed. */
static void update(nc_pinst *inst, nc_target *t)
{
	int is_ready = !nc_list_is_empty(&t->queued) && t->running < limit_of(inst, t);
	if (is_ready == t->is_ready)
		return;
	t->is_ready = is_ready;
	nc_list_del(&t->ready_link);
	if (is_ready)
		nc_list_add_tail(&inst->ready, &t->ready_link);
}

void nc_queue_add(nc_pinst *inst, nc_live *c)
{
	nc_list_add_tail(&c->target->queued, &c->queue_link);
	c->target->n_calls++;
	inst->n_queued++;
	update(inst, c->target);
}

void nc_queue_remove(nc_pinst *inst, nc_live *c)
{
	nc_list_del(&c->queue_link);
	inst->n_queued--;
	update(inst, c->target);
}

nc_live *nc_queue_next(nc_pinst *inst)
{
	if (inst->n_running >= inst->max_concurrency || nc_list_is_empty(&inst->ready))
		return NULL;
	nc_target *t = NC_LIST_ENTRY(inst->ready.next, nc_target, ready_link);
	nc_live *c = NC_LIST_ENTRY(t->queued.next, nc_live, queue_link);
	nc_list_del(&c->queue_link);
	inst->n_queued--;
	inst->n_running++;
	t->running++;
	c->is_counted = 1;
	/* To the end of the ring, or out of it. */
	nc_list_del(&t->ready_link);
	t->is_ready = 0;
	update(inst, t);
	return c;
}

/* What no longer counts against the instance. */
static void uncount(nc_pinst *inst, nc_live *c)
{
	if (c->is_slow)
		inst->n_slow--;
	else
		inst->n_running--;
	c->is_slow = 0;
}

void nc_queue_slow(nc_pinst *inst, nc_live *c)
{
	if (!c->is_counted || c->is_slow || c->is_stuck ||
		inst->n_slow >= inst->max_concurrency * NC_RT_SLOW_FACTOR)
		return;
	c->is_slow = 1;
	inst->n_running--;
	inst->n_slow++;
}

void nc_queue_stuck(nc_pinst *inst, nc_live *c)
{
	if (!c->is_counted || c->is_stuck)
		return;
	c->is_stuck = 1;
	uncount(inst, c); /* its thread was replaced … */
	inst->n_stuck++;
	c->target
		->stuck++; /* … but the target keeps its place, or it would eat thread after thread */
}

void nc_queue_returned(nc_pinst *inst, nc_live *c)
{
	if (!c->is_counted)
		return;
	c->is_counted = 0;
	c->target->running--;
	if (c->is_stuck) {
		inst->n_stuck--;
		c->target->stuck--;
	} else {
		uncount(inst, c);
	}
	update(inst, c->target);
}

int nc_queue_is_stuck(const nc_pinst *inst, const nc_target *t)
{
	return t->stuck > 0 && t->stuck >= limit_of(inst, t);
}

void nc_queue_release(nc_pinst *inst, nc_live *c)
{
	nc_target *t = c->target;
	if (!t)
		return;
	c->target = NULL;
	t->n_calls--;
	release_target(inst, t);
}
