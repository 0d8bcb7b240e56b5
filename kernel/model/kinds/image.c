/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "model/storage.h"

/* What a disk can hold at first. */

static const nc_field_def os_fields[] = {
	NC_FIELD_STR(nc_image_os, family, "family", .max_len = 63, .doc = "linux, windows, bsd"),
	NC_FIELD_STR(nc_image_os, distro, "distro", .max_len = 63, .doc = "debian"),
	NC_FIELD_STR(nc_image_os, version, "version", .max_len = 63, .doc = "12"),
};
static const nc_sub_def os_def = NC_SUB_DEF("ImageOs", os_fields, nc_image_os, NULL, NULL);

static const nc_field_def fields[] = {
	NC_FIELD_STR(nc_image, url, "url", .mut = NC_IMMUTABLE, .max_len = 2048,
		.doc = "Where it is fetched from; left out: it is uploaded"),
	NC_FIELD_STR(
		nc_image, checksum, "checksum", .mut = NC_IMMUTABLE, .doc = "sha256:… of the file"),
	NC_FIELD_STR(nc_image, format, "format", .mut = NC_IMMUTABLE, .max_len = 16,
		.doc = "qcow2 or raw; left out: as found"),
	NC_FIELD_STRUCT(nc_image, os, "os", &os_def, .doc = "Chooses guest devices"),
	NC_FIELD_STR(nc_image, arch, "arch", .mut = NC_IMMUTABLE, .max_len = 16,
		.doc = "x86_64, aarch64"),
	NC_FIELD_I64(nc_image, min_disk_gib, "min_disk_gib", .max = 1 << 20, .unit = "GiB",
		.flags = NC_FF_ZERO_NULL, .doc = "Least disk it needs"),
	NC_FIELD_I64(nc_image, min_memory_mib, "min_memory_mib", .max = 1 << 24, .unit = "MiB",
		.flags = NC_FF_ZERO_NULL, .doc = "Least memory it needs"),
	NC_FIELD_REF(nc_image, provider, "provider", NC_KIND_PROVIDER, .mut = NC_IMMUTABLE,
		.doc = "The only one that has it"),
	NC_FIELD_REF(
		nc_image, pool, "pool", NC_KIND_POOL, .mut = NC_IMMUTABLE, .doc = "Where it lies"),
	NC_FIELD_STR(
		nc_image, native_id, "native_id", NC_BY_SERVER, .doc = "The provider's own id"),
	NC_FIELD_I64(nc_image, size_bytes, "size_bytes", NC_BY_SERVER, .unit = "bytes",
		.doc = "Of the file"),
	NC_FIELD_I64(nc_image, virtual_size_bytes, "virtual_size_bytes", NC_BY_SERVER,
		.unit = "bytes", .doc = "Of the disk in it"),
};
static const char *const statuses[] = { "queued", "importing", "available", "deprecated", "error",
	NULL };

static void validate(const nc_object *obj, nc_faults *f)
{
	const nc_image *i = NC_AS(const nc_image, obj);
	if (i->checksum && (strncmp(i->checksum, "sha256:", 7) != 0 || strlen(i->checksum) != 71))
		nc_fault_add(f, "checksum", "format", "must be sha256: and 64 hex digits");
	if (i->url && strncmp(i->url, "https://", 8) != 0 && strncmp(i->url, "http://", 7) != 0 &&
		strncmp(i->url, "file:///", 8) != 0)
		nc_fault_add(f, "url", "format", "must start with https://, http:// or file:///");
}

const nc_kind nc_kind_image = {
	NC_KIND_TABLE(IMAGE, "image", "images", "img", nc_image, fields),
	.scope = NC_SCOPE_SHARED,
	.verbs = NC_CAN_ALL,
	.statuses = statuses,
	.initial_status = "queued",
	.feature = "kernel.images",
	.validate = validate,
	.doc = "What a disk can hold at first",
};
