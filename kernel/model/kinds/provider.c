/* SPDX-License-Identifier: Apache-2.0 */
#include "model/provider.h"

/* An instance of a driver. */

static const nc_field_def fields[] = {
	NC_FIELD_STR(nc_provider, plugin, "plugin", .mut = NC_IMMUTABLE, .max_len = 100,
		.flags = NC_FF_REQUIRED | NC_FF_INDEXED, .index = NC_PROVIDER_IX_PLUGIN,
		.doc = "Id of the plugin that drives it"),
	NC_FIELD_JSON(nc_provider, config, "config", .max_len = 64 << 10,
		.doc = "As the plugin's schema says; its secrets are shown as {set, version, "
		       "digest}"),
	NC_FIELD_SECRET(nc_provider, credentials, "credentials", .flags = NC_FF_TO_COME,
		.hint = "give it in config, where its plugin's schema says x-secret",
		.doc = "What it logs in with"),
	NC_FIELD_REF(nc_provider, zone, "zone", NC_KIND_ZONE, .doc = "Of hosts that name none"),
	NC_FIELD_BOOL(nc_provider, is_enabled, "enabled", .flags = NC_FF_DEFAULT, .def = 1,
		.doc = "Off: nothing new is placed there"),
	NC_FIELD_I64(nc_provider, max_concurrency, "max_concurrency", .max = 100000,
		.flags = NC_FF_ZERO_NULL, .doc = "Calls at once; left out: the plugin's own"),
	NC_FIELD_I64(nc_provider, max_per_target, "max_per_target", .max = 10000,
		.flags = NC_FF_ZERO_NULL, .doc = "Calls at once on one host"),
	NC_FIELD_STR(nc_provider, plugin_version, "plugin_version", NC_BY_SERVER, .doc = "In use"),
	NC_FIELD_STRS(nc_provider, features, "features", NC_BY_SERVER,
		.doc = "What its plugin declares: extensions, then features"),
	NC_FIELD_I64(nc_provider, n_hosts, "hosts", NC_SEEN, .doc = "Hosts it reports"),
	NC_FIELD_I64(nc_provider, n_guests, "guests", NC_SEEN, .doc = "Guests it reports"),
	NC_FIELD_STR(nc_provider, health, "health", NC_SEEN, .max_len = 1024,
		.doc = "What it says of itself"),
};
static const char *const indexes[] = { "plugin" };
static const char *const statuses[] = { "pending", "up", "degraded", "down", "disabled", NULL };

const nc_kind nc_kind_provider = {
	NC_KIND_TABLE(PROVIDER, "provider", "providers", "prv", nc_provider, fields),
	.scope = NC_SCOPE_EITHER,
	.verbs = NC_CAN_ALL,
	.n_own_indexes = NC_LEN(indexes),
	.own_indexes = indexes,
	.statuses = statuses,
	.initial_status = "pending",
	.doc = "A farm of hypervisors or a cloud account, and the driver for it",
};
