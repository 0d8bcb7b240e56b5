/* SPDX-License-Identifier: Apache-2.0 */
#include "http/metrics.h"

#include "base/cleanup.h"
#include "base/metric.h"

/* The server's counters: statics of the process, shared by all servers in it. Any thread. */

#define ANSWERS(class)                                                                             \
	{                                                                                          \
		.name = "novacron_http_requests_total", .help = "Answers by class of status",      \
		.labels = "code=\"" class "\"", .type = NC_METRIC_COUNTER                          \
	}
static nc_metric answers[] = { ANSWERS("1xx"), ANSWERS("2xx"), ANSWERS("3xx"), ANSWERS("4xx"),
	ANSWERS("5xx") };

#define REFUSED(why)                                                                               \
	{                                                                                          \
		.name = "novacron_http_refused_connections_total",                                 \
		.help = "Connections turned away", .labels = "reason=\"" why "\"",                 \
		.type = NC_METRIC_COUNTER                                                          \
	}
static nc_metric refused[] = {
	[NC_REFUSED_LIMIT] = REFUSED("limit"),
	[NC_REFUSED_DESCRIPTORS] = REFUSED("descriptors"),
	[NC_REFUSED_MEMORY] = REFUSED("memory"),
};

static nc_metric connections = {
	.name = "novacron_http_connections", .help = "Open connections", .type = NC_METRIC_GAUGE
};
static nc_metric duration = { .name = "novacron_http_request_duration_seconds",
	.help = "From the first byte of a request to the last byte of its answer",
	.type = NC_METRIC_HISTOGRAM };

void nc_http_metrics_register(void)
{
	for (size_t i = 0; i < NC_LEN(answers); i++)
		nc_metric_register(&answers[i]);
	for (size_t i = 0; i < NC_LEN(refused); i++)
		nc_metric_register(&refused[i]);
	nc_metric_register(&connections);
	nc_metric_register(&duration);
}

void nc_http_metric_answered(int status, int64_t us)
{
	nc_metric_add(&answers[status / 100 - 1], 1);
	nc_metric_observe_us(&duration, us);
}

void nc_http_metric_connections(int delta)
{
	nc_metric_add(&connections, delta);
}

void nc_http_metric_refused(nc_http_refusal why)
{
	nc_metric_add(&refused[why], 1);
}
