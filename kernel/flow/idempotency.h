/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_FLOW_IDEMPOTENCY_H
#define NC_FLOW_IDEMPOTENCY_H

#include "flow/internal.h"

/* The answer under the act's key, into its transaction. With an operation that is the answer, else
 * `body`. */
nc_code nc_act_stage_key(nc_stage *s, const nc_root *r, int status, nc_bytes body, nc_error *err);
/* An earlier request with this key: NC_E_EXISTS = answered (in the act), NC_E_INVAL = the key was
 * used for another request, NC_OK = there was none. */
nc_code nc_act_replay(nc_act *a, const nc_root *r, nc_error *err);
/* What came of an act that wrote nothing, under its key: asked again it gets this. Blocking. */
nc_code nc_act_remember(nc_act *a, int http_status, nc_bytes body, nc_error *err);

#endif
