/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"
#include "plugin/inst_internal.h"

/*
 * The door to an instance's transport. Whoever wants through is counted, and closing waits until they
 * are out, so that nobody holds a runtime that is being freed. Nothing in a transport blocks but its
 * close.
 */

int nc_transport_enter(nc_pinst *inst)
{
	pthread_mutex_lock(&inst->inst_lock);
	int may = inst->transport && !inst->is_transport_gone;
	inst->n_in_transport += (uint32_t)may;
	pthread_mutex_unlock(&inst->inst_lock);
	return may;
}

void nc_transport_leave(nc_pinst *inst)
{
	pthread_mutex_lock(&inst->inst_lock);
	if (--inst->n_in_transport == 0)
		pthread_cond_broadcast(&inst->has_changed);
	pthread_mutex_unlock(&inst->inst_lock);
}

void nc_transport_set(nc_pinst *inst, const nc_transport *transport, void *t)
{
	pthread_mutex_lock(&inst->inst_lock);
	inst->transport = transport;
	inst->t = t;
	pthread_mutex_unlock(&inst->inst_lock);
}

nc_code nc_transport_start(nc_pinst *inst, const nc_rt_call *call, nc_error *err)
{
	if (!nc_transport_enter(inst))
		return nc_err(err, NC_E_UNAVAILABLE, "instance %s is closed", inst->name);
	nc_code rc = inst->transport->start(inst->t, call, err);
	nc_transport_leave(inst);
	return rc;
}

void nc_transport_stop(nc_pinst *inst, uint64_t id, int32_t reason)
{
	if (!nc_transport_enter(inst))
		return;
	inst->transport->stop(inst->t, id, reason);
	nc_transport_leave(inst);
}

void nc_transport_forfeit(nc_pinst *inst, uint64_t id)
{
	if (!nc_transport_enter(inst))
		return;
	inst->transport->forfeit(inst->t, id);
	nc_transport_leave(inst);
}

void nc_transport_checkpoint_done(nc_pinst *inst, uint64_t ticket, nc_code code)
{
	if (!nc_transport_enter(inst))
		return;
	inst->transport->checkpoint_done(inst->t, ticket, code);
	nc_transport_leave(inst);
}

int nc_transport_stats(nc_pinst *inst, nc_rt_stats *ret)
{
	if (!nc_transport_enter(inst))
		return 0;
	int has_stats = inst->transport->stats != NULL;
	if (has_stats)
		inst->transport->stats(inst->t, ret);
	nc_transport_leave(inst);
	return has_stats;
}

nc_code nc_transport_close(nc_pinst *inst, int64_t timeout_us)
{
	pthread_mutex_lock(&inst->inst_lock);
	int is_first = inst->transport && !inst->is_transport_gone;
	inst->is_transport_gone = 1;
	while (inst->n_in_transport > 0)
		pthread_cond_wait(&inst->has_changed, &inst->inst_lock);
	pthread_mutex_unlock(&inst->inst_lock);
	return is_first ? inst->transport->close(inst->t, timeout_us) : NC_OK;
}
