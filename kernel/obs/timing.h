/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_OBS_TIMING_H
#define NC_OBS_TIMING_H

#include <stdint.h>

#include "base/buf.h"

/* How long starting took: phase_duration_seconds, component_init_duration_seconds,
 * total_boot_time_seconds, initialization_errors_total. Names are static. Any thread. */
void nc_timing_phase(const char *phase, int64_t us);
void nc_timing_component(const char *component, int64_t us);
void nc_timing_total(int64_t us);
void nc_timing_error(const char *component, const char *phase);
void nc_timing_render(nc_buf *out);

#endif
