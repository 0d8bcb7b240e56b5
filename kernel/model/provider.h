/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_MODEL_PROVIDER_H
#define NC_MODEL_PROVIDER_H

#include "model/object.h"

/* An instance of a driver: one hypervisor farm or one cloud account. Global, or of a project. */
typedef struct nc_provider {
	nc_object o;        /* status: pending up degraded down disabled */
	const char *plugin; /* plugin id, "sim" */
	nc_bytes config; /* JSON after the plugin's schema; {set, version, digest} for a secret */
	nc_secret_field credentials;
	const char *zone; /* ref: of hosts that name none */
	int is_enabled;
	int64_t max_concurrency, max_per_target; /* 0 = the manifest's */
	/* state */
	const char *plugin_version;
	const char **features; /* extensions, "nc.compute/1", then features, "compute.user_data" */
	size_t n_features;
	/* observed */
	int64_t n_hosts, n_guests;
	const char *health; /* a line from the driver */
} nc_provider;

enum { NC_PROVIDER_IX_PLUGIN = NC_IX_OWN };

#endif
