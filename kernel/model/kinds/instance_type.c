/* SPDX-License-Identifier: Apache-2.0 */
#include "model/guest.h"

/* Sizing with a name. */

static const nc_field_def fields[] = {
	NC_FIELD_I64(nc_instance_type, vcpus, "vcpus", .min = 1, .max = 1024,
		.flags = NC_FF_REQUIRED | NC_FF_ZERO_NULL | NC_FF_INDEXED, .index = NC_IX_OWN,
		.doc = "Virtual processors"),
	NC_FIELD_I64(nc_instance_type, memory_mib, "memory_mib", .min = 16, .max = 1 << 24,
		.flags = NC_FF_REQUIRED | NC_FF_ZERO_NULL | NC_FF_INDEXED, .index = NC_IX_OWN + 1,
		.unit = "MiB", .doc = "Memory"),
	NC_FIELD_I64(nc_instance_type, disk_gib, "disk_gib", .max = 1 << 20,
		.flags = NC_FF_ZERO_NULL, .unit = "GiB", .doc = "Of the first disk"),
	NC_FIELD_STRS(nc_instance_type, traits, "traits", .doc = "What a host must have"),
	NC_FIELD_REF(nc_instance_type, provider, "provider", NC_KIND_PROVIDER, .mut = NC_IMMUTABLE,
		.doc = "The only one that has it"),
	NC_FIELD_STR(nc_instance_type, native_name, "native_name", .mut = NC_IMMUTABLE,
		.doc = "What the provider calls it"),
	NC_FIELD_F64(nc_instance_type, price_hour, "price_hour", .max = 1000000,
		.flags = NC_FF_ZERO_NULL, .doc = "Price of an hour"),
	NC_FIELD_STR(nc_instance_type, currency, "currency", .max_len = 3, .doc = "EUR, USD"),
};
static const char *const indexes[] = { "vcpus", "memory_mib" };

const nc_kind nc_kind_instance_type = {
	NC_KIND_TABLE(
		INSTANCE_TYPE, "instance_type", "instance-types", "ity", nc_instance_type, fields),
	.scope = NC_SCOPE_GLOBAL,
	.verbs = NC_CAN_ALL,
	.n_own_indexes = NC_LEN(indexes),
	.own_indexes = indexes,
	.doc = "Sizing with a name",
};
