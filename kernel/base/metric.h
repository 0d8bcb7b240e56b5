/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_BASE_METRIC_H
#define NC_BASE_METRIC_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * Counters, gauges and histograms that any layer may own as statics and that obs/ renders. Each
 * registers itself on first use through nc_metric_register; updating is one relaxed atomic.
 */
typedef enum { NC_METRIC_COUNTER, NC_METRIC_GAUGE, NC_METRIC_HISTOGRAM } nc_metric_type;
#define NC_HIST_BUCKETS 21 /* powers of two from 16 us to 8.4 s, then +Inf */
typedef struct nc_metric {
	const char *name, *help;
	const char *labels; /* rendered inside {}: "phase=\"core_init\"", or NULL */
	nc_metric_type type;
	_Atomic int64_t value; /* counter, gauge; histogram: sum in microseconds */
	_Atomic uint64_t bucket[NC_HIST_BUCKETS];
	_Atomic(struct nc_metric *) next;
	_Atomic uint32_t linked;
} nc_metric;

/* Process lifetime: statics, or heap that is never freed. Idempotent. */
void nc_metric_register(nc_metric *m);
void nc_metric_add(nc_metric *m, int64_t n);
void nc_metric_set(nc_metric *m, int64_t v);
void nc_metric_observe_us(nc_metric *m, int64_t us);
int64_t nc_metric_get(const nc_metric *m);
/* Prometheus text, grouped by name, HELP and TYPE once each; values of histograms in seconds. */
void nc_metric_render(nc_buf *out);

#endif
