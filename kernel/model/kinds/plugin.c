/* SPDX-License-Identifier: Apache-2.0 */
#include "model/plugin.h"

/* A driver that is loaded, or was. */

#define PL(type, m, json, text) NC_FIELD_##type(nc_plugin_obj, m, json, NC_BY_SERVER, .doc = (text))

static const nc_field_def fields[] = {
	PL(STR, version, "version", "Its version"),
	PL(STR, publisher, "publisher", "Who made it"),
	PL(STRS, provides, "provides", "Extensions it has"),
	PL(STR, isolation, "isolation", "process or in_process"),
	PL(U64, generation, "generation", "Moves with each load"),
	PL(STR, path_hash, "digest", "Of what was loaded"),
	PL(STR, quarantine_reason, "quarantine_reason", "Why it may not run"),
	PL(I64, n_restarts, "restarts", "How often its process was started again"),
};
static const char *const statuses[] = { "staged", "probing", "warm", "active", "draining",
	"quarantined", "failed", "disabled", NULL };

const nc_kind nc_kind_plugin = {
	NC_KIND_TABLE(PLUGIN, "plugin", "plugins", "plg", nc_plugin_obj, fields),
	.scope = NC_SCOPE_GLOBAL,
	.statuses = statuses,
	.initial_status = "staged",
	.doc = "A driver that is loaded, or was",
};
