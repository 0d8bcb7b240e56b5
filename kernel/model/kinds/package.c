/* SPDX-License-Identifier: Apache-2.0 */
#include "model/plugin.h"

/* A signed archive that plugins come in. */

#define PK(type, m, json, text) NC_FIELD_##type(nc_package, m, json, NC_BY_SERVER, .doc = (text))

static const nc_field_def fields[] = {
	PK(STR, plugin, "plugin", "Id of the plugin in it"),
	PK(STR, version, "version", "Its version"),
	PK(STR, publisher, "publisher", "Who signed it"),
	PK(STR, digest, "digest", "Of the archive"),
	PK(I64, size_bytes, "size_bytes", "Of the archive"),
};
static const char *const statuses[] = { "verified", "installed", "revoked", "failed", NULL };

const nc_kind nc_kind_package = {
	NC_KIND_TABLE(PACKAGE, "package", "packages", "pkg", nc_package, fields),
	.scope = NC_SCOPE_GLOBAL,
	.verbs = NC_CAN_CREATE | NC_CAN_DELETE,
	.statuses = statuses,
	.initial_status = "verified",
	.feature = "kernel.packages",
	.doc = "A signed archive that plugins come in",
};
