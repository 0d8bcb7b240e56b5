/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_HTTP_METRICS_H
#define NC_HTTP_METRICS_H

#include <stdint.h>

/* What the server counts about itself. Any thread. */
typedef enum { NC_REFUSED_LIMIT, NC_REFUSED_DESCRIPTORS, NC_REFUSED_MEMORY } nc_http_refusal;

void nc_http_metrics_register(void);
void nc_http_metric_answered(int status, int64_t us);
void nc_http_metric_connections(int delta);
void nc_http_metric_refused(nc_http_refusal why);

#endif
