/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_FLOW_SEALING_H
#define NC_FLOW_SEALING_H

#include "flow/internal.h"

/* Seal what came fresh with a request, in the same transaction as its object. */
nc_code nc_flow_seal(nc_flow *f, nc_txn *t, nc_object *obj, nc_error *err);
/* What a rotation that was cut off has left to do, if there is any. The keeper. */
void nc_flow_finish_rotation(nc_flow *f);

#endif
