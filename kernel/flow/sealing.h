/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_FLOW_SEALING_H
#define NC_FLOW_SEALING_H

#include "flow/internal.h"

/* Seal what came fresh with a request, in the same transaction as its object. */
nc_code nc_flow_seal(nc_flow *f, nc_txn *t, const nc_root *r, nc_object *obj, nc_error *err);

#endif
