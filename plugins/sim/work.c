/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Works: calls that take time. One belongs to a key, perhaps to an operation of the host, perhaps
 * to the heap. Everything here is under the instance's lock.
 */
#define NC_PLUG_DOMAIN "sim"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb.h"

static void free_parts(sim_work *w)
{
	free(w->target);
	free(w->request);
	free(w);
}

sim_work *sim_work_new(struct nc_inst *inst, const sim_attempt *a, nc_op op, nc_error *err)
{
	sim_work *w = calloc(1, sizeof(*w));

	if (w) {
		w->target = strdup(a->target);
		w->request = malloc(a->request.len + 1);
	}
	if (!w || !w->target || !w->request || !sim_heap_reserve(&inst->heap, 1) ||
		!sim_map_reserve(&inst->work_by_op, 1)) {
		if (w)
			free_parts(w);
		nc_plug_nomem(err);
		return NULL;
	}
	if (a->request.len)
		memcpy(w->request, a->request.ptr, a->request.len);
	w->request_len = a->request.len;
	w->timer.kind = SIM_TIMER_WORK;
	w->verb = a->verb;
	w->known = a->known;
	w->fate = a->fate;
	w->attempt = a->number;
	a->known->work = w;
	inst->n_works++;
	if (op.v)
		sim_work_attach(inst, w, op);
	return w;
}

void sim_work_free(struct nc_inst *inst, sim_work *w)
{
	(void)sim_work_detach(inst, w);
	sim_heap_remove(&inst->heap, &w->timer);
	if (w->known->work == w)
		w->known->work = NULL;
	inst->n_works--;
	free_parts(w);
}

static void format_op(char text[17], nc_op op)
{
	(void)snprintf(text, 17, "%llx", (unsigned long long)op.v);
}

void sim_work_attach(struct nc_inst *inst, sim_work *w, nc_op op)
{
	w->op = op;
	format_op(w->op_text, op);
	sim_map_put(&inst->work_by_op, w->op_text, w);
}

nc_op sim_work_detach(struct nc_inst *inst, sim_work *w)
{
	nc_op op = w->op;

	if (op.v)
		sim_map_del(&inst->work_by_op, w->op_text);
	w->op = (nc_op){ 0 };
	return op;
}

sim_work *sim_work_of(const struct nc_inst *inst, nc_op op)
{
	char text[17];

	format_op(text, op);
	return sim_map_get(&inst->work_by_op, text);
}

/* Progress is told in quarters, but only of what takes long enough for anyone to look. */
#define TELL_FROM_NS 40000000u

static uint64_t next_due(const sim_work *w)
{
	uint64_t all = w->act_ns - w->start_ns;

	if (all < TELL_FROM_NS || w->n_told >= 3)
		return w->act_ns;
	return w->start_ns + all / 4 * (w->n_told + 1);
}

void sim_work_schedule(struct nc_inst *inst, sim_work *w, int64_t in_ms)
{
	if (!w->act_ns) {
		w->start_ns = sim_mono_ns();
		w->act_ns = w->start_ns + (uint64_t)in_ms * 1000000u;
	}
	sim_heap_put(&inst->heap, &w->timer, next_due(w));
}

sim_attempt sim_work_attempt(const sim_work *w)
{
	return (sim_attempt){ w->verb, w->known, w->target, { w->request, w->request_len }, w->fate,
		w->attempt };
}
