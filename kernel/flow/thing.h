/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_FLOW_THING_H
#define NC_FLOW_THING_H

#include "flow/internal.h"

/*
 * What operations on things beside guests share: volumes, networks, snapshots. Such a thing is its
 * operation's target; its status says what is being done to it, and its condition Ready why it is
 * in error.
 */

/* In an act. NC_E_BUSY: an operation is at work on it. */
nc_code nc_thing_check_idle(nc_stage *s, const nc_root *r, nc_error *err);
/* In an act: refused unless it is as `status`. */
nc_code nc_thing_check_status(const nc_object *o, const char *status, nc_error *err);
/* In a step: NC_E_NOTFOUND where the target is gone. */
nc_code nc_thing_target(nc_opctx *c, nc_error *err);
void nc_thing_call(
	nc_opctx *c, const char *provider, const char *target, const char *verb, nc_op_call *call);
/* native_id of a result. */
nc_code nc_thing_native(nc_opctx *c, nc_bytes result, const char **native_id, nc_error *err);
/* Ready or not, and why, from the operation's end. */
nc_code nc_thing_say(nc_opctx *c, nc_object *o, const char *status, nc_error *err);
/* How a create ended: `ready`, gone if it was cancelled, error. `word` begins its events. */
nc_code nc_thing_created(nc_opctx *c, const char *ready, const char *word, nc_error *err);
/* How a delete ended: gone, or back as `before` if nothing happened, or error. */
nc_code nc_thing_deleted(nc_opctx *c, const char *before, const char *word, nc_error *err);
/* "<word>.<what>" */
void nc_thing_event(nc_opctx *c, const char *word, const char *what);

#endif
