/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_BOOT_COMPONENT_H
#define NC_BOOT_COMPONENT_H

#include <stdint.h>

#include "novacron/abi.h"

/*
 * What is started, in which phase, after what. A table of these is the daemon; the runner starts
 * what has no unmet need side by side, tries again where that may help, and undoes everything when
 * a required one fails for good: that one first, then what had started, in reverse.
 */
typedef enum {
	NC_PHASE_PRE_INIT,
	NC_PHASE_CORE_INIT,
	NC_PHASE_SERVICE_INIT,
	NC_PHASE_POST_INIT,
	NC_PHASE_COUNT
} nc_phase;
extern const char *const nc_phase_words[];

enum { NC_COMPONENT_OPTIONAL = 1, NC_COMPONENT_RETRY = 2 };

#define NC_NEEDS_MAX 6
typedef struct nc_component {
	const char *name;
	nc_phase phase;
	uint32_t flags;
	const char *needs[NC_NEEDS_MAX]; /* by name, of this phase or an earlier one */
	nc_code (*start)(void *ctx, nc_error *err);
	/* Undoes start, also one that failed half way; NULL = nothing to undo. */
	void (*stop)(void *ctx);
} nc_component;

typedef struct nc_boot_limits {
	int64_t phase_us[NC_PHASE_COUNT];
	unsigned retries;
	int64_t retry_delay_us; /* doubles */
} nc_boot_limits;

typedef struct nc_runner nc_runner;
/* Checks the table: names unique, needs known, no circle (an nc_assert: it is ours). */
nc_code nc_runner_new(const nc_component *table, unsigned n, void *ctx,
	const nc_boot_limits *limits, nc_runner **ret, nc_error *err);
/* Asked now and then, on any thread, while starting: whether it is to be given up. */
typedef int nc_boot_unwanted(void);
/*
 * Run the phases up to and including `last`. On failure what was started is stopped again, but not
 * with NC_E_TIMEOUT: then one of them still starts and nothing may be undone under it. Given up is
 * NC_E_CANCELLED, or NC_E_TIMEOUT as well. is_unwanted may be NULL.
 */
nc_code nc_runner_start(nc_runner *r, nc_phase last, nc_boot_unwanted *is_unwanted, nc_error *err);
void nc_runner_stop(nc_runner *r); /* everything started, in reverse */
/* From a stop: something still has what the rest is made of, and the rest is not stopped, nor is that
 * start tried again. The process must end as it is. */
void nc_runner_hold(nc_runner *r);
int nc_runner_is_held(const nc_runner *r);
void nc_runner_free(nc_runner *r); /* waits for a start that was over its time */

#endif
