/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_FLOW_IDEMPOTENCY_H
#define NC_FLOW_IDEMPOTENCY_H

#include "flow/internal.h"
#include "model/records.h"

/* What an earlier request left under the act's key, as of that root; *ret NULL = nothing that still
 * counts. The act remembers which key it saw: of two requests that come at once with the same, the
 * second has a conflict. */
nc_code nc_act_find_key(nc_act *a, const nc_root *r, const nc_idempotency **ret, nc_error *err);
/* NC_E_EXISTS = answered so (in the act), NC_E_INVAL = the key was used for another request, NC_OK =
 * its failure has released it. Blocking: what it asked for may lie in the store. */
nc_code nc_act_replay(nc_act *a, const nc_idempotency *k, nc_error *err);
/* The answer under the act's key, into its transaction. With an operation that is the answer, else
 * `body`. */
nc_code nc_act_stage_key(nc_stage *s, int status, nc_bytes body, nc_error *err);

#endif
