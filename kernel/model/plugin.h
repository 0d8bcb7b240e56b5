/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_MODEL_PLUGIN_H
#define NC_MODEL_PLUGIN_H

#include "model/object.h"

/* Drivers as objects, and the packages they come in. */
typedef struct nc_plugin_obj {
	nc_object o; /* status: staged probing warm active draining quarantined failed disabled */
	const char *version, *publisher;
	const char **provides;
	size_t n_provides;
	const char *isolation; /* "process", "in_process" */
	uint64_t generation;
	const char *path_hash; /* of what was loaded */
	const char *quarantine_reason;
	int64_t n_restarts;
} nc_plugin_obj;

typedef struct nc_package {
	nc_object o; /* status: verified installed revoked failed */
	const char *plugin, *version, *publisher;
	const char *digest;
	int64_t size_bytes;
} nc_package;

#endif
