/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_FLOW_REPORTS_H
#define NC_FLOW_REPORTS_H

#include "flow/internal.h"

/*
 * What drivers reported and nobody has looked at yet: the newest word of each object, taken on
 * threads that must not block and worked off by the keeper. Past the limit the reports are let go
 * and a whole look is asked for instead, which tells the same.
 */
nc_code nc_reports_new(nc_reports **ret, nc_error *err);
void nc_reports_free(nc_reports *r);
/* Any thread, never blocks. 0 = dropped: look at everything. */
int nc_reports_add(nc_reports *r, const char *instance, uint64_t obs_seq, nc_bytes json);
/* What an answer or a look said of an object; a report with a lower obs_seq is dropped from now on. */
void nc_reports_saw(nc_reports *r, const char *instance, const char *native_id, uint64_t obs_seq);
/* Whether something newer is known of the object. */
int nc_reports_is_old(nc_reports *r, const char *instance, const char *native_id, uint64_t obs_seq);
/* The instance is a new one: it may count from the start. */
void nc_reports_forget(nc_reports *r, const char *instance);
/* Each of them through fn, in order of arrival, but those of instances that are held; the keeper.
 * is_held is called under the lock. */
void nc_reports_drain(nc_reports *r, int (*is_held)(void *held, const char *instance), void *held,
	void (*fn)(void *ctx, nc_bytes json), void *ctx);

#endif
