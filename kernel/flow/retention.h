/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_FLOW_RETENTION_H
#define NC_FLOW_RETENTION_H

#include "flow/internal.h"

/* One round: purge what was deleted long enough ago, drop idempotency keys, finished operations,
 * decisions, events and records of the log past their time. Bounded work; blocking; the keeper only. */
void nc_retention_round(nc_flow *f);

#endif
