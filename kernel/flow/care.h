/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_FLOW_CARE_H
#define NC_FLOW_CARE_H

#include "flow/internal.h"

#define NC_OWN_CALL_MAX_S 45 /* a create has 30 */

/*
 * The keeper: one thread that looks after what nobody asked for. Every round it has each provider
 * visited (visits.h: opened, its hosts and guests looked at) and, without waiting for that, finishes
 * a rotation of the key that was cut off, purges what was deleted long enough ago, drops what is past
 * its retention and has orphans destroyed that are nobody's; the first round leaves the last three out.
 * In between it reads what plugins report. What fails says so and is tried again.
 */
nc_code nc_care_start(nc_flow *f, nc_error *err);
nc_code nc_care_stop(nc_flow *f); /* see nc_flow_stop */
void nc_care_soon(nc_flow *f);    /* any thread: a round now, not at the next tick */
void nc_care_read(nc_flow *f);    /* any thread: there are reports to read */

/* provider.open and provider.close as driver calls: on a thread of their own. */
nc_code nc_care_call(nc_flow *f, const nc_op_call *call, const nc_op_sink *sink, nc_error *err);

#endif
