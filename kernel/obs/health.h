/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_OBS_HEALTH_H
#define NC_OBS_HEALTH_H

#include "base/buf.h"

/*
 * How the components are. Each has one row, set by whoever knows (boot/ while starting, the db's
 * health hook, the loader), read by /health and /metrics. Any thread.
 */
typedef enum { NC_OBS_STARTING, NC_OBS_HEALTHY, NC_OBS_DEGRADED, NC_OBS_UNHEALTHY } nc_obs_state;
extern const char *const nc_obs_words[];

/* `component` is static; at most 32 of them. why may be NULL. */
void nc_obs_set(const char *component, nc_obs_state state, const char *why);
/* Healthy, unless it has said otherwise of itself meanwhile. */
void nc_obs_started(const char *component);
void nc_obs_set_ready(int is_ready);
int nc_obs_is_ready(void);
/* {"status":…,"components":[…]}; returns the worst of all. */
nc_obs_state nc_obs_render(nc_buf *json);
/* Everything for /metrics: base's metrics and component_status. */
void nc_obs_metrics(nc_buf *out);

#endif
