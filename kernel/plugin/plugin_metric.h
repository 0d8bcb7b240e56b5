/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_PLUGIN_PLUGIN_METRIC_H
#define NC_PLUGIN_PLUGIN_METRIC_H

#include "base/metric.h"

/*
 * Series that plugins make, kept for the life of the process as metrics are: an instance that comes
 * back goes on with its own. At most NC_METRICS_MAX an instance; names and labels that are not
 * plain are dropped. Any thread.
 */
void nc_plugin_metric_update(const char *plugin, const char *inst, nc_metric_type type,
	const char *name, const char *label, double v);

#endif
