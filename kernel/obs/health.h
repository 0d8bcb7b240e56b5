/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_OBS_HEALTH_H
#define NC_OBS_HEALTH_H

#include "base/buf.h"

/*
 * How the components are. Each has one row, set by whoever knows (boot/ while starting, the db's
 * health hook, the loader), read by /health and /metrics. Any thread.
 */
typedef enum { NC_HEALTH_STARTING, NC_HEALTH_HEALTHY, NC_HEALTH_DEGRADED, NC_HEALTH_UNHEALTHY }
	nc_health_state;
extern const char *const nc_health_words[];

/* `component` is static; at most 32 of them. why may be NULL. */
void nc_health_set(const char *component, nc_health_state state, const char *why);
void nc_health_set_ready(int is_ready);
int nc_health_is_ready(void);
/* {"status":…,"components":[…]}; returns the worst of all. */
nc_health_state nc_health_render(nc_buf *json);
/* Everything for /metrics: base's metrics and component_status. */
void nc_metrics_render_all(nc_buf *out);

#endif
