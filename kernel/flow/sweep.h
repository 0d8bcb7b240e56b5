/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_FLOW_SWEEP_H
#define NC_FLOW_SWEEP_H

#include "flow/internal.h"

#define NC_SWEEP_AFTER_MS 60000 /* listed that long, so that later looks have found it too */
#define NC_ORPHAN_GONE    "its object is gone"

/* Start orphan.delete for what the journal records as failed. The keeper; blocking. */
void nc_sweep_round(nc_flow *f, int64_t now_ms);

#endif
