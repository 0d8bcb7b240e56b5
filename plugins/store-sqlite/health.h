/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SS_HEALTH_H
#define SS_HEALTH_H

#include "inst.h"

/* {"status": "ok" | "degraded" | "unavailable", "read_only", "head", "problem"?, "hint"?} */
nc_code ss_health(nc_inst *inst, nc_sink *json, nc_error *err);

#endif
