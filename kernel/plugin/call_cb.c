/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "plugin/inst_internal.h"

/*
 * Callbacks of a call, one at a time and `done` last, whatever threads the news come from. Whoever
 * finds nobody calling becomes the caller and also delivers what others leave meanwhile; nobody
 * waits, and no lock is held while the owner's code runs.
 */

static void free_end(nc_live *c)
{
	nc_free(c->end_result);
	c->end_result = NULL;
}

/* One piece of news, in the order that makes sense to a reader. Under inst_lock, which is let go
 * meanwhile; 0 when nothing is left. */
static int deliver_one(nc_live *c)
{
	pthread_mutex_t *lock = &c->inst->inst_lock;
	const nc_call_spec *s = &c->spec;
	if (c->has_accepted) {
		c->has_accepted = 0;
		pthread_mutex_unlock(lock);
		if (s->accepted)
			s->accepted(s->user);
		pthread_mutex_lock(lock);
		return 1;
	}
	if (c->checkpoints) {
		nc_live_checkpoint *k = c->checkpoints;
		c->checkpoints = k->next;
		pthread_mutex_unlock(lock);
		s->checkpoint(
			s->user, (nc_call){ c->handle }, k->ticket, (nc_bytes){ k->token, k->len });
		nc_free(k);
		pthread_mutex_lock(lock);
		return 1;
	}
	if (c->has_progress) {
		char phase[sizeof(c->phase)];
		uint32_t permille = c->permille;
		memcpy(phase, c->phase, sizeof(phase));
		c->has_progress = 0;
		pthread_mutex_unlock(lock);
		s->progress(s->user, permille, phase);
		pthread_mutex_lock(lock);
		return 1;
	}
	return 0;
}

static void deliver_end(nc_live *c, const nc_call_end *end)
{
	c->is_done_called = 1;
	pthread_mutex_unlock(&c->inst->inst_lock);
	c->spec.done(c->spec.user, end);
	pthread_mutex_lock(&c->inst->inst_lock);
}

/* Under inst_lock with is_calling set by us: deliver what there is. */
static void drain(nc_live *c)
{
	while (deliver_one(c))
		;
	if (c->has_end && !c->is_done_called) {
		c->has_end = 0;
		deliver_end(c, &c->end);
		free_end(c);
	}
	c->is_calling = 0;
}

static void call_if_free(nc_live *c)
{
	if (c->is_calling || c->is_done_called)
		return;
	c->is_calling = 1;
	drain(c);
}

void nc_live_tell_accepted(nc_live *c)
{
	pthread_mutex_lock(&c->inst->inst_lock);
	c->has_accepted = 1;
	call_if_free(c);
	pthread_mutex_unlock(&c->inst->inst_lock);
}

void nc_live_tell_progress(nc_live *c, uint32_t permille, const char *phase)
{
	if (!c->spec.progress)
		return;
	pthread_mutex_lock(&c->inst->inst_lock);
	if (!c->is_ended) {
		c->has_progress = 1; /* a later one takes the place of one not told yet */
		c->permille = permille;
		strncpy(c->phase, phase, sizeof(c->phase) - 1);
		call_if_free(c);
	}
	pthread_mutex_unlock(&c->inst->inst_lock);
}

nc_code nc_live_tell_checkpoint(nc_live *c, uint64_t ticket, nc_bytes token)
{
	if (!c->spec.checkpoint)
		return NC_E_UNSUPPORTED;
	nc_live_checkpoint *k = nc_malloc(sizeof(*k) + token.len + 1);
	if (!k)
		return NC_E_NOMEM;
	*k = (nc_live_checkpoint){ .ticket = ticket, .len = token.len };
	if (token.len)
		memcpy(k->token, token.ptr, token.len);
	pthread_mutex_lock(&c->inst->inst_lock);
	int is_late = c->is_ended;
	if (!is_late) {
		nc_live_checkpoint **last = &c->checkpoints;
		while (*last)
			last = &(*last)->next;
		*last = k;
		call_if_free(c);
	}
	pthread_mutex_unlock(&c->inst->inst_lock);
	if (!is_late)
		return NC_OK;
	nc_free(k);
	return NC_E_CANCELLED;
}

nc_code nc_live_tell_object(nc_live *c, nc_bytes json)
{
	nc_code rc = NC_OK;
	pthread_mutex_lock(&c->inst->inst_lock);
	if (c->is_ended || c->is_calling) {
		pthread_mutex_unlock(&c->inst->inst_lock);
		return NC_E_CANCELLED;
	}
	c->n_objects++;
	c->is_calling = 1;
	pthread_mutex_unlock(&c->inst->inst_lock);
	if (c->spec.object)
		rc = c->spec.object(c->spec.user, json);
	pthread_mutex_lock(&c->inst->inst_lock);
	drain(c);
	pthread_mutex_unlock(&c->inst->inst_lock);
	return rc;
}

/* The end must wait for a callback that runs elsewhere: it is copied. */
static void keep_end(nc_live *c, const nc_call_end *end)
{
	c->has_end = 1;
	c->end = *end;
	nc_err_copy(&c->end_err, end->error);
	c->end.error = &c->end_err;
	c->end.result = (nc_bytes){ NULL, 0 };
	if (end->result.len == 0)
		return;
	c->end_result = nc_memdup(end->result.ptr, end->result.len);
	if (c->end_result) {
		c->end.result = (nc_bytes){ c->end_result, end->result.len };
		return;
	}
	/* What was done is done, but what came of it is lost: recover will tell. */
	c->end.code = nc_err_nomem(&c->end_err);
	c->end.outcome = NC_UNKNOWN;
}

void nc_live_tell_end(nc_live *c, const nc_call_end *end)
{
	pthread_mutex_lock(&c->inst->inst_lock);
	if (c->is_calling) {
		keep_end(c, end);
	} else {
		c->is_calling = 1;
		while (deliver_one(c))
			;
		deliver_end(c, end);
		c->is_calling = 0;
	}
	pthread_mutex_unlock(&c->inst->inst_lock);
}
