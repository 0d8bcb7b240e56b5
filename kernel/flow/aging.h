/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_FLOW_AGING_H
#define NC_FLOW_AGING_H

#include "flow/internal.h"

/* Drop what is past its retention at that time, a bounded amount of it. The keeper; blocking. */
void nc_aging_round(nc_flow *f, int64_t now_ms);

#endif
