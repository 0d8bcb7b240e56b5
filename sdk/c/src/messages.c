/* SPDX-License-Identifier: Apache-2.0 */
/* Made by schema2c from JSON Schemas; change those and run it again. */
/* clang-format off */
#include "novacron-sdk/messages.h"

#include <stddef.h>
#include <string.h>

static const nc_msg_field nc_tag_fields[] = {
	{ "installation", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_tag, installation), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "object", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_tag, object), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "operation", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_tag, operation), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "epoch", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_tag, epoch), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
};
const nc_msg nc_tag_msg = { "nc_tag", sizeof(struct nc_tag), 4, 0, nc_tag_fields };

_Static_assert(offsetof(struct nc_backup_begin_request, n_disks) == offsetof(struct nc_backup_begin_request, disks) + sizeof(void *), "a list");
static const nc_msg_field nc_backup_begin_request_disks_item = { "", NC_MSG_STR, 0, 0, 0, 1, 64, NULL, NULL, NULL, NULL };
static const nc_msg_field nc_backup_begin_request_fields[] = {
	{ "id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_backup_begin_request, id), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "uuid", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_backup_begin_request, uuid), 0, 36, 36, NULL, NULL, NULL, NULL },
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_backup_begin_request, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "tag", NC_MSG_OBJ, NC_MSG_REQUIRED, offsetof(struct nc_backup_begin_request, tag), 0, 0, 0, NULL, &nc_tag_msg, NULL, NULL },
	{ "checkpoint", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_backup_begin_request, checkpoint), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "disks", NC_MSG_LIST, 0, offsetof(struct nc_backup_begin_request, disks), 0, 1, 64, NULL, NULL, NULL, &nc_backup_begin_request_disks_item },
	{ "quiesce", NC_MSG_BOOL, 0, offsetof(struct nc_backup_begin_request, quiesce), offsetof(struct nc_backup_begin_request, has_quiesce), 0, 1, NULL, NULL, NULL, NULL },
};
const nc_msg nc_backup_begin_request_msg = { "backup.begin.request", sizeof(struct nc_backup_begin_request), 7, 0, nc_backup_begin_request_fields };

const char *const nc_backup_consistency_names[] = { "crash", "filesystem", NULL };

static const nc_msg_field nc_backup_disk_fields[] = {
	{ "id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_backup_disk, id), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "size_bytes", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_backup_disk, size_bytes), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
};
const nc_msg nc_backup_disk_msg = { "nc_backup_disk", sizeof(struct nc_backup_disk), 2, 1, nc_backup_disk_fields };

_Static_assert(offsetof(struct nc_backup_begin_result, n_disks) == offsetof(struct nc_backup_begin_result, disks) + sizeof(void *), "a list");
static const nc_msg_field nc_backup_begin_result_disks_item = { "", NC_MSG_OBJ, 0, 0, 0, 0, 0, NULL, &nc_backup_disk_msg, NULL, NULL };
static const nc_msg_field nc_backup_begin_result_fields[] = {
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_backup_begin_result, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "backup", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_backup_begin_result, backup), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "checkpoint", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_backup_begin_result, checkpoint), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "consistency", NC_MSG_ENUM, NC_MSG_REQUIRED, offsetof(struct nc_backup_begin_result, consistency), 0, 0, 0, NULL, NULL, nc_backup_consistency_names, NULL },
	{ "disks", NC_MSG_LIST, NC_MSG_REQUIRED, offsetof(struct nc_backup_begin_result, disks), 0, 0, 64, NULL, NULL, NULL, &nc_backup_begin_result_disks_item },
	{ "obs_seq", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_backup_begin_result, obs_seq), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
};
const nc_msg nc_backup_begin_result_msg = { "backup.begin.result", sizeof(struct nc_backup_begin_result), 6, 1, nc_backup_begin_result_fields };

static const nc_msg_field nc_backup_end_request_fields[] = {
	{ "id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_backup_end_request, id), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "uuid", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_backup_end_request, uuid), 0, 36, 36, NULL, NULL, NULL, NULL },
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_backup_end_request, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "tag", NC_MSG_OBJ, NC_MSG_REQUIRED, offsetof(struct nc_backup_end_request, tag), 0, 0, 0, NULL, &nc_tag_msg, NULL, NULL },
	{ "backup", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_backup_end_request, backup), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "keep_checkpoint", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct nc_backup_end_request, keep_checkpoint), 0, 0, 1, NULL, NULL, NULL, NULL },
};
const nc_msg nc_backup_end_request_msg = { "backup.end.request", sizeof(struct nc_backup_end_request), 6, 0, nc_backup_end_request_fields };

static const nc_msg_field nc_backup_end_result_fields[] = {
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_backup_end_result, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "changed", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct nc_backup_end_result, changed), 0, 0, 1, NULL, NULL, NULL, NULL },
	{ "obs_seq", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_backup_end_result, obs_seq), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
};
const nc_msg nc_backup_end_result_msg = { "backup.end.result", sizeof(struct nc_backup_end_result), 3, 1, nc_backup_end_result_fields };

static const nc_msg_field nc_backup_extents_request_fields[] = {
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_backup_extents_request, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "backup", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_backup_extents_request, backup), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "disk", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_backup_extents_request, disk), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "since", NC_MSG_STR, 0, offsetof(struct nc_backup_extents_request, since), 0, 1, 255, NULL, NULL, NULL, NULL },
};
const nc_msg nc_backup_extents_request_msg = { "backup.extents.request", sizeof(struct nc_backup_extents_request), 4, 0, nc_backup_extents_request_fields };

static const nc_msg_field nc_extent_fields[] = {
	{ "offset", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_extent, offset), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "length", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_extent, length), 0, 1, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "zero", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct nc_extent, zero), 0, 0, 1, NULL, NULL, NULL, NULL },
};
const nc_msg nc_extent_msg = { "nc_extent", sizeof(struct nc_extent), 3, 1, nc_extent_fields };

_Static_assert(offsetof(struct nc_backup_extents_result, n_extents) == offsetof(struct nc_backup_extents_result, extents) + sizeof(void *), "a list");
static const nc_msg_field nc_backup_extents_result_extents_item = { "", NC_MSG_OBJ, 0, 0, 0, 0, 0, NULL, &nc_extent_msg, NULL, NULL };
static const nc_msg_field nc_backup_extents_result_fields[] = {
	{ "disk", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_backup_extents_result, disk), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "extents", NC_MSG_LIST, NC_MSG_REQUIRED, offsetof(struct nc_backup_extents_result, extents), 0, 1, 8192, NULL, NULL, NULL, &nc_backup_extents_result_extents_item },
};
const nc_msg nc_backup_extents_result_msg = { "backup.extents.result", sizeof(struct nc_backup_extents_result), 2, 1, nc_backup_extents_result_fields };

const nc_msg nc_catalog_images_request_msg = { "catalog.images.request", sizeof(struct nc_catalog_images_request), 0, 0, NULL };

const char *const nc_os_family_names[] = { "linux", "windows", "bsd", "other", NULL };

static const nc_msg_field nc_os_fields[] = {
	{ "family", NC_MSG_ENUM, NC_MSG_REQUIRED, offsetof(struct nc_os, family), 0, 0, 0, NULL, NULL, nc_os_family_names, NULL },
	{ "distro", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_os, distro), 0, 0, 63, NULL, NULL, NULL, NULL },
	{ "version", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_os, version), 0, 0, 63, NULL, NULL, NULL, NULL },
};
const nc_msg nc_os_msg = { "nc_os", sizeof(struct nc_os), 3, 1, nc_os_fields };

const char *const nc_firmware_names[] = { "bios", "uefi", "uefi-secure", NULL };

_Static_assert(offsetof(struct nc_catalog_images_result, n_firmware) == offsetof(struct nc_catalog_images_result, firmware) + sizeof(void *), "a list");
static const nc_msg_field nc_catalog_images_result_firmware_item = { "", NC_MSG_ENUM, 0, 0, 0, 0, 0, NULL, NULL, nc_firmware_names, NULL };
static const nc_msg_field nc_catalog_images_result_fields[] = {
	{ "name", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_catalog_images_result, name), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "os", NC_MSG_OBJ, NC_MSG_REQUIRED, offsetof(struct nc_catalog_images_result, os), 0, 0, 0, NULL, &nc_os_msg, NULL, NULL },
	{ "arch", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_catalog_images_result, arch), 0, 1, 31, NULL, NULL, NULL, NULL },
	{ "size_bytes", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_catalog_images_result, size_bytes), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "min_disk_gib", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_catalog_images_result, min_disk_gib), 0, 0, 65536, NULL, NULL, NULL, NULL },
	{ "firmware", NC_MSG_LIST, NC_MSG_REQUIRED, offsetof(struct nc_catalog_images_result, firmware), 0, 0, 8, NULL, NULL, NULL, &nc_catalog_images_result_firmware_item },
};
const nc_msg nc_catalog_images_result_msg = { "catalog.images.result", sizeof(struct nc_catalog_images_result), 6, 1, nc_catalog_images_result_fields };

static const nc_msg_field nc_catalog_prices_request_fields[] = {
	{ "zone", NC_MSG_STR, 0, offsetof(struct nc_catalog_prices_request, zone), 0, 1, 63, NULL, NULL, NULL, NULL },
	{ "type", NC_MSG_STR, 0, offsetof(struct nc_catalog_prices_request, type), 0, 1, 255, NULL, NULL, NULL, NULL },
};
const nc_msg nc_catalog_prices_request_msg = { "catalog.prices.request", sizeof(struct nc_catalog_prices_request), 2, 0, nc_catalog_prices_request_fields };

const char *const nc_price_item_names[] = { "instance", "storage", "address", "egress", NULL };

const char *const nc_price_market_names[] = { "on-demand", "spot", NULL };

const char *const nc_price_unit_names[] = { "hour", "gib-month", "gib", NULL };

static const nc_msg_field nc_catalog_prices_result_fields[] = {
	{ "item", NC_MSG_ENUM, NC_MSG_REQUIRED, offsetof(struct nc_catalog_prices_result, item), 0, 0, 0, NULL, NULL, nc_price_item_names, NULL },
	{ "type", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_catalog_prices_result, type), 0, 0, 255, NULL, NULL, NULL, NULL },
	{ "zone", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_catalog_prices_result, zone), 0, 0, 63, NULL, NULL, NULL, NULL },
	{ "market", NC_MSG_ENUM, NC_MSG_REQUIRED, offsetof(struct nc_catalog_prices_result, market), 0, 0, 0, NULL, NULL, nc_price_market_names, NULL },
	{ "currency", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_catalog_prices_result, currency), 0, 3, 3, NULL, NULL, NULL, NULL },
	{ "unit", NC_MSG_ENUM, NC_MSG_REQUIRED, offsetof(struct nc_catalog_prices_result, unit), 0, 0, 0, NULL, NULL, nc_price_unit_names, NULL },
	{ "price_micros", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_catalog_prices_result, price_micros), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "as_of_ms", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_catalog_prices_result, as_of_ms), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
};
const nc_msg nc_catalog_prices_result_msg = { "catalog.prices.result", sizeof(struct nc_catalog_prices_result), 8, 1, nc_catalog_prices_result_fields };

static const nc_msg_field nc_catalog_types_request_fields[] = {
	{ "zone", NC_MSG_STR, 0, offsetof(struct nc_catalog_types_request, zone), 0, 1, 63, NULL, NULL, NULL, NULL },
};
const nc_msg nc_catalog_types_request_msg = { "catalog.types.request", sizeof(struct nc_catalog_types_request), 1, 0, nc_catalog_types_request_fields };

_Static_assert(offsetof(struct nc_catalog_types_result, n_traits) == offsetof(struct nc_catalog_types_result, traits) + sizeof(void *), "a list");
_Static_assert(offsetof(struct nc_catalog_types_result, n_zones) == offsetof(struct nc_catalog_types_result, zones) + sizeof(void *), "a list");
static const nc_msg_field nc_catalog_types_result_traits_item = { "", NC_MSG_STR, 0, 0, 0, 1, 63, NULL, NULL, NULL, NULL };
static const nc_msg_field nc_catalog_types_result_zones_item = { "", NC_MSG_STR, 0, 0, 0, 1, 63, NULL, NULL, NULL, NULL };
static const nc_msg_field nc_catalog_types_result_fields[] = {
	{ "name", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_catalog_types_result, name), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "vcpus", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_catalog_types_result, vcpus), 0, 1, 4096, NULL, NULL, NULL, NULL },
	{ "memory_mib", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_catalog_types_result, memory_mib), 0, 1, 67108864, NULL, NULL, NULL, NULL },
	{ "storage_gib", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_catalog_types_result, storage_gib), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "traits", NC_MSG_LIST, NC_MSG_REQUIRED, offsetof(struct nc_catalog_types_result, traits), 0, 0, 256, NULL, NULL, NULL, &nc_catalog_types_result_traits_item },
	{ "zones", NC_MSG_LIST, NC_MSG_REQUIRED, offsetof(struct nc_catalog_types_result, zones), 0, 0, 256, NULL, NULL, NULL, &nc_catalog_types_result_zones_item },
};
const nc_msg nc_catalog_types_result_msg = { "catalog.types.result", sizeof(struct nc_catalog_types_result), 6, 1, nc_catalog_types_result_fields };

static const nc_msg_field nc_disk_fields[] = {
	{ "id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_disk, id), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "size_gib", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_disk, size_gib), 0, 1, 65536, NULL, NULL, NULL, NULL },
	{ "image", NC_MSG_STR, 0, offsetof(struct nc_disk, image), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "volume", NC_MSG_STR, 0, offsetof(struct nc_disk, volume), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "pool", NC_MSG_STR, 0, offsetof(struct nc_disk, pool), 0, 1, 255, NULL, NULL, NULL, NULL },
};
const nc_msg nc_disk_msg = { "nc_disk", sizeof(struct nc_disk), 5, 0, nc_disk_fields };

static const nc_msg_field nc_nic_fields[] = {
	{ "id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_nic, id), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "mac", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_nic, mac), 0, 17, 17, NULL, NULL, NULL, NULL },
	{ "network", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_nic, network), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "address", NC_MSG_STR, 0, offsetof(struct nc_nic, address), 0, 2, 45, NULL, NULL, NULL, NULL },
};
const nc_msg nc_nic_msg = { "nc_nic", sizeof(struct nc_nic), 4, 0, nc_nic_fields };

static const nc_msg_field nc_metadata_entry_fields[] = {
	{ "key", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_metadata_entry, key), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "value", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_metadata_entry, value), 0, 0, 4096, NULL, NULL, NULL, NULL },
};
const nc_msg nc_metadata_entry_msg = { "nc_metadata_entry", sizeof(struct nc_metadata_entry), 2, 0, nc_metadata_entry_fields };

_Static_assert(offsetof(struct nc_compute_create_request, n_disks) == offsetof(struct nc_compute_create_request, disks) + sizeof(void *), "a list");
_Static_assert(offsetof(struct nc_compute_create_request, n_nics) == offsetof(struct nc_compute_create_request, nics) + sizeof(void *), "a list");
_Static_assert(offsetof(struct nc_compute_create_request, n_metadata) == offsetof(struct nc_compute_create_request, metadata) + sizeof(void *), "a list");
static const nc_msg_field nc_compute_create_request_disks_item = { "", NC_MSG_OBJ, 0, 0, 0, 0, 0, NULL, &nc_disk_msg, NULL, NULL };
static const nc_msg_field nc_compute_create_request_nics_item = { "", NC_MSG_OBJ, 0, 0, 0, 0, 0, NULL, &nc_nic_msg, NULL, NULL };
static const nc_msg_field nc_compute_create_request_fields[] = {
	{ "id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_compute_create_request, id), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "uuid", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_compute_create_request, uuid), 0, 36, 36, NULL, NULL, NULL, NULL },
	{ "name", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_compute_create_request, name), 0, 1, 63, NULL, NULL, NULL, NULL },
	{ "project", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_compute_create_request, project), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "tag", NC_MSG_OBJ, NC_MSG_REQUIRED, offsetof(struct nc_compute_create_request, tag), 0, 0, 0, NULL, &nc_tag_msg, NULL, NULL },
	{ "incarnation", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_compute_create_request, incarnation), 0, 1, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "vcpus", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_compute_create_request, vcpus), 0, 1, 4096, NULL, NULL, NULL, NULL },
	{ "memory_mib", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_compute_create_request, memory_mib), 0, 1, 67108864, NULL, NULL, NULL, NULL },
	{ "disks", NC_MSG_LIST, NC_MSG_REQUIRED, offsetof(struct nc_compute_create_request, disks), 0, 0, 64, NULL, NULL, NULL, &nc_compute_create_request_disks_item },
	{ "nics", NC_MSG_LIST, NC_MSG_REQUIRED, offsetof(struct nc_compute_create_request, nics), 0, 0, 64, NULL, NULL, NULL, &nc_compute_create_request_nics_item },
	{ "image", NC_MSG_STR, 0, offsetof(struct nc_compute_create_request, image), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "user_data", NC_MSG_STR, NC_MSG_SECRET, offsetof(struct nc_compute_create_request, user_data), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "firmware", NC_MSG_ENUM, 0, offsetof(struct nc_compute_create_request, firmware), 0, 0, 0, NULL, NULL, nc_firmware_names, NULL },
	{ "metadata", NC_MSG_MAP, 0, offsetof(struct nc_compute_create_request, metadata), 0, 0, INT64_MAX, NULL, &nc_metadata_entry_msg, NULL, NULL },
	{ "start", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct nc_compute_create_request, start), 0, 0, 1, NULL, NULL, NULL, NULL },
};
const nc_msg nc_compute_create_request_msg = { "compute.create.request", sizeof(struct nc_compute_create_request), 15, 0, nc_compute_create_request_fields };

const char *const nc_power_names[] = { "running", "stopped", "paused", "suspended", "crashed", "unknown", NULL };

const char *const nc_address_source_names[] = { "static", "dhcp", "agent", "arp", "provider", NULL };

static const nc_msg_field nc_address_fields[] = {
	{ "nic", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_address, nic), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "ip", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_address, ip), 0, 2, 45, NULL, NULL, NULL, NULL },
	{ "source", NC_MSG_ENUM, NC_MSG_REQUIRED, offsetof(struct nc_address, source), 0, 0, 0, NULL, NULL, nc_address_source_names, NULL },
};
const nc_msg nc_address_msg = { "nc_address", sizeof(struct nc_address), 3, 1, nc_address_fields };

_Static_assert(offsetof(struct nc_compute_create_result, n_addresses) == offsetof(struct nc_compute_create_result, addresses) + sizeof(void *), "a list");
static const nc_msg_field nc_compute_create_result_addresses_item = { "", NC_MSG_OBJ, 0, 0, 0, 0, 0, NULL, &nc_address_msg, NULL, NULL };
static const nc_msg_field nc_compute_create_result_fields[] = {
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_compute_create_result, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "power", NC_MSG_ENUM, NC_MSG_REQUIRED, offsetof(struct nc_compute_create_result, power), 0, 0, 0, NULL, NULL, nc_power_names, NULL },
	{ "obs_seq", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_compute_create_result, obs_seq), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "addresses", NC_MSG_LIST, NC_MSG_REQUIRED, offsetof(struct nc_compute_create_result, addresses), 0, 0, 64, NULL, NULL, NULL, &nc_compute_create_result_addresses_item },
	{ "provider_data", NC_MSG_RAW, NC_MSG_REQUIRED, offsetof(struct nc_compute_create_result, provider_data), 0, 0, 0, NULL, NULL, NULL, NULL },
};
const nc_msg nc_compute_create_result_msg = { "compute.create.result", sizeof(struct nc_compute_create_result), 5, 1, nc_compute_create_result_fields };

_Static_assert(offsetof(struct nc_compute_destroy_request, n_keep_disks) == offsetof(struct nc_compute_destroy_request, keep_disks) + sizeof(void *), "a list");
static const nc_msg_field nc_compute_destroy_request_keep_disks_item = { "", NC_MSG_STR, 0, 0, 0, 1, 64, NULL, NULL, NULL, NULL };
static const nc_msg_field nc_compute_destroy_request_fields[] = {
	{ "id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_compute_destroy_request, id), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "uuid", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_compute_destroy_request, uuid), 0, 36, 36, NULL, NULL, NULL, NULL },
	{ "native_id", NC_MSG_STR, 0, offsetof(struct nc_compute_destroy_request, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "tag", NC_MSG_OBJ, NC_MSG_REQUIRED, offsetof(struct nc_compute_destroy_request, tag), 0, 0, 0, NULL, &nc_tag_msg, NULL, NULL },
	{ "keep_disks", NC_MSG_LIST, 0, offsetof(struct nc_compute_destroy_request, keep_disks), 0, 0, 64, NULL, NULL, NULL, &nc_compute_destroy_request_keep_disks_item },
};
const nc_msg nc_compute_destroy_request_msg = { "compute.destroy.request", sizeof(struct nc_compute_destroy_request), 5, 0, nc_compute_destroy_request_fields };

_Static_assert(offsetof(struct nc_compute_destroy_result, n_kept_volumes) == offsetof(struct nc_compute_destroy_result, kept_volumes) + sizeof(void *), "a list");
static const nc_msg_field nc_compute_destroy_result_kept_volumes_item = { "", NC_MSG_STR, 0, 0, 0, 1, 255, NULL, NULL, NULL, NULL };
static const nc_msg_field nc_compute_destroy_result_fields[] = {
	{ "changed", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct nc_compute_destroy_result, changed), 0, 0, 1, NULL, NULL, NULL, NULL },
	{ "kept_volumes", NC_MSG_LIST, NC_MSG_REQUIRED, offsetof(struct nc_compute_destroy_result, kept_volumes), 0, 0, 64, NULL, NULL, NULL, &nc_compute_destroy_result_kept_volumes_item },
};
const nc_msg nc_compute_destroy_result_msg = { "compute.destroy.result", sizeof(struct nc_compute_destroy_result), 2, 1, nc_compute_destroy_result_fields };

const nc_msg nc_compute_fingerprint_request_msg = { "compute.fingerprint.request", sizeof(struct nc_compute_fingerprint_request), 0, 0, NULL };

_Static_assert(offsetof(struct nc_compute_guest, n_addresses) == offsetof(struct nc_compute_guest, addresses) + sizeof(void *), "a list");
static const nc_msg_field nc_compute_guest_addresses_item = { "", NC_MSG_OBJ, 0, 0, 0, 0, 0, NULL, &nc_address_msg, NULL, NULL };
static const nc_msg_field nc_compute_guest_fields[] = {
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_compute_guest, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "uuid", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_compute_guest, uuid), 0, 0, 36, NULL, NULL, NULL, NULL },
	{ "name", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_compute_guest, name), 0, 0, 255, NULL, NULL, NULL, NULL },
	{ "host", NC_MSG_STR, 0, offsetof(struct nc_compute_guest, host), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "tag", NC_MSG_OBJ, 0, offsetof(struct nc_compute_guest, tag), offsetof(struct nc_compute_guest, has_tag), 0, 0, NULL, &nc_tag_msg, NULL, NULL },
	{ "power", NC_MSG_ENUM, NC_MSG_REQUIRED, offsetof(struct nc_compute_guest, power), 0, 0, 0, NULL, NULL, nc_power_names, NULL },
	{ "vcpus", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_compute_guest, vcpus), 0, 0, 4096, NULL, NULL, NULL, NULL },
	{ "memory_mib", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_compute_guest, memory_mib), 0, 0, 67108864, NULL, NULL, NULL, NULL },
	{ "obs_seq", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_compute_guest, obs_seq), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "owned", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct nc_compute_guest, owned), 0, 0, 1, NULL, NULL, NULL, NULL },
	{ "addresses", NC_MSG_LIST, 0, offsetof(struct nc_compute_guest, addresses), 0, 0, 64, NULL, NULL, NULL, &nc_compute_guest_addresses_item },
};
const nc_msg nc_compute_guest_msg = { "compute.guest", sizeof(struct nc_compute_guest), 11, 1, nc_compute_guest_fields };

const char *const nc_host_state_names[] = { "up", "down", "maintenance", "unknown", NULL };

static const nc_msg_field nc_host_used_fields[] = {
	{ "vcpus", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_host_used, vcpus), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "memory_mib", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_host_used, memory_mib), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "storage_gib", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_host_used, storage_gib), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "guests", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_host_used, guests), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
};
const nc_msg nc_host_used_msg = { "nc_host_used", sizeof(struct nc_host_used), 4, 1, nc_host_used_fields };

static const nc_msg_field nc_hypervisor_fields[] = {
	{ "name", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_hypervisor, name), 0, 1, 63, NULL, NULL, NULL, NULL },
	{ "version", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_hypervisor, version), 0, 0, 63, NULL, NULL, NULL, NULL },
};
const nc_msg nc_hypervisor_msg = { "nc_hypervisor", sizeof(struct nc_hypervisor), 2, 1, nc_hypervisor_fields };

_Static_assert(offsetof(struct nc_compute_host, n_traits) == offsetof(struct nc_compute_host, traits) + sizeof(void *), "a list");
_Static_assert(offsetof(struct nc_compute_host, n_networks) == offsetof(struct nc_compute_host, networks) + sizeof(void *), "a list");
_Static_assert(offsetof(struct nc_compute_host, n_pools) == offsetof(struct nc_compute_host, pools) + sizeof(void *), "a list");
static const nc_msg_field nc_compute_host_traits_item = { "", NC_MSG_STR, 0, 0, 0, 1, 63, NULL, NULL, NULL, NULL };
static const nc_msg_field nc_compute_host_networks_item = { "", NC_MSG_STR, 0, 0, 0, 1, 255, NULL, NULL, NULL, NULL };
static const nc_msg_field nc_compute_host_pools_item = { "", NC_MSG_STR, 0, 0, 0, 1, 255, NULL, NULL, NULL, NULL };
static const nc_msg_field nc_compute_host_fields[] = {
	{ "name", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_compute_host, name), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "state", NC_MSG_ENUM, NC_MSG_REQUIRED, offsetof(struct nc_compute_host, state), 0, 0, 0, NULL, NULL, nc_host_state_names, NULL },
	{ "vcpus", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_compute_host, vcpus), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "memory_mib", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_compute_host, memory_mib), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "storage_gib", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_compute_host, storage_gib), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "used", NC_MSG_OBJ, NC_MSG_REQUIRED, offsetof(struct nc_compute_host, used), 0, 0, 0, NULL, &nc_host_used_msg, NULL, NULL },
	{ "cpu_model", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_compute_host, cpu_model), 0, 0, 255, NULL, NULL, NULL, NULL },
	{ "traits", NC_MSG_LIST, NC_MSG_REQUIRED, offsetof(struct nc_compute_host, traits), 0, 0, 256, NULL, NULL, NULL, &nc_compute_host_traits_item },
	{ "zone", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_compute_host, zone), 0, 0, 63, NULL, NULL, NULL, NULL },
	{ "networks", NC_MSG_LIST, NC_MSG_REQUIRED, offsetof(struct nc_compute_host, networks), 0, 0, 1024, NULL, NULL, NULL, &nc_compute_host_networks_item },
	{ "pools", NC_MSG_LIST, NC_MSG_REQUIRED, offsetof(struct nc_compute_host, pools), 0, 0, 256, NULL, NULL, NULL, &nc_compute_host_pools_item },
	{ "hypervisor", NC_MSG_OBJ, NC_MSG_REQUIRED, offsetof(struct nc_compute_host, hypervisor), 0, 0, 0, NULL, &nc_hypervisor_msg, NULL, NULL },
};
const nc_msg nc_compute_host_msg = { "compute.host", sizeof(struct nc_compute_host), 12, 1, nc_compute_host_fields };

_Static_assert(offsetof(struct nc_compute_inventory_request, n_native_ids) == offsetof(struct nc_compute_inventory_request, native_ids) + sizeof(void *), "a list");
static const nc_msg_field nc_compute_inventory_request_native_ids_item = { "", NC_MSG_STR, 0, 0, 0, 1, 255, NULL, NULL, NULL, NULL };
static const nc_msg_field nc_compute_inventory_request_fields[] = {
	{ "native_ids", NC_MSG_LIST, 0, offsetof(struct nc_compute_inventory_request, native_ids), 0, 0, 4096, NULL, NULL, NULL, &nc_compute_inventory_request_native_ids_item },
};
const nc_msg nc_compute_inventory_request_msg = { "compute.inventory.request", sizeof(struct nc_compute_inventory_request), 1, 0, nc_compute_inventory_request_fields };

const char *const nc_power_action_names[] = { "start", "stop", "restart", "reset", "pause", "resume", "suspend", "wake", "nmi", NULL };

const char *const nc_power_mode_names[] = { "graceful", "force", NULL };

static const nc_msg_field nc_compute_power_request_fields[] = {
	{ "id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_compute_power_request, id), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "uuid", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_compute_power_request, uuid), 0, 36, 36, NULL, NULL, NULL, NULL },
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_compute_power_request, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "tag", NC_MSG_OBJ, NC_MSG_REQUIRED, offsetof(struct nc_compute_power_request, tag), 0, 0, 0, NULL, &nc_tag_msg, NULL, NULL },
	{ "action", NC_MSG_ENUM, NC_MSG_REQUIRED, offsetof(struct nc_compute_power_request, action), 0, 0, 0, NULL, NULL, nc_power_action_names, NULL },
	{ "mode", NC_MSG_ENUM, 0, offsetof(struct nc_compute_power_request, mode), 0, 0, 0, NULL, NULL, nc_power_mode_names, NULL },
	{ "timeout_s", NC_MSG_INT, 0, offsetof(struct nc_compute_power_request, timeout_s), offsetof(struct nc_compute_power_request, has_timeout_s), 0, 86400, NULL, NULL, NULL, NULL },
};
const nc_msg nc_compute_power_request_msg = { "compute.power.request", sizeof(struct nc_compute_power_request), 7, 0, nc_compute_power_request_fields };

static const nc_msg_field nc_compute_power_result_fields[] = {
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_compute_power_result, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "changed", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct nc_compute_power_result, changed), 0, 0, 1, NULL, NULL, NULL, NULL },
	{ "forced", NC_MSG_BOOL, 0, offsetof(struct nc_compute_power_result, forced), offsetof(struct nc_compute_power_result, has_forced), 0, 1, NULL, NULL, NULL, NULL },
	{ "power", NC_MSG_ENUM, NC_MSG_REQUIRED, offsetof(struct nc_compute_power_result, power), 0, 0, 0, NULL, NULL, nc_power_names, NULL },
	{ "obs_seq", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_compute_power_result, obs_seq), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
};
const nc_msg nc_compute_power_result_msg = { "compute.power.result", sizeof(struct nc_compute_power_result), 5, 1, nc_compute_power_result_fields };

static const nc_msg_field nc_compute_recover_request_fields[] = {
	{ "key", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_compute_recover_request, key), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "verb", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_compute_recover_request, verb), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "request", NC_MSG_RAW, NC_MSG_REQUIRED, offsetof(struct nc_compute_recover_request, request), 0, 0, 0, NULL, NULL, NULL, NULL },
	{ "checkpoint", NC_MSG_STR, 0, offsetof(struct nc_compute_recover_request, checkpoint), 0, 0, 21848, NULL, NULL, NULL, NULL },
};
const nc_msg nc_compute_recover_request_msg = { "compute.recover.request", sizeof(struct nc_compute_recover_request), 4, 0, nc_compute_recover_request_fields };

_Static_assert(offsetof(struct nc_compute_update_request, n_metadata) == offsetof(struct nc_compute_update_request, metadata) + sizeof(void *), "a list");
static const nc_msg_field nc_compute_update_request_fields[] = {
	{ "id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_compute_update_request, id), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "uuid", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_compute_update_request, uuid), 0, 36, 36, NULL, NULL, NULL, NULL },
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_compute_update_request, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "tag", NC_MSG_OBJ, NC_MSG_REQUIRED, offsetof(struct nc_compute_update_request, tag), 0, 0, 0, NULL, &nc_tag_msg, NULL, NULL },
	{ "name", NC_MSG_STR, 0, offsetof(struct nc_compute_update_request, name), 0, 1, 63, NULL, NULL, NULL, NULL },
	{ "vcpus", NC_MSG_INT, 0, offsetof(struct nc_compute_update_request, vcpus), offsetof(struct nc_compute_update_request, has_vcpus), 1, 4096, NULL, NULL, NULL, NULL },
	{ "memory_mib", NC_MSG_INT, 0, offsetof(struct nc_compute_update_request, memory_mib), offsetof(struct nc_compute_update_request, has_memory_mib), 1, 67108864, NULL, NULL, NULL, NULL },
	{ "metadata", NC_MSG_MAP, 0, offsetof(struct nc_compute_update_request, metadata), 0, 0, INT64_MAX, NULL, &nc_metadata_entry_msg, NULL, NULL },
};
const nc_msg nc_compute_update_request_msg = { "compute.update.request", sizeof(struct nc_compute_update_request), 8, 0, nc_compute_update_request_fields };

_Static_assert(offsetof(struct nc_compute_update_result, n_pending) == offsetof(struct nc_compute_update_result, pending) + sizeof(void *), "a list");
static const nc_msg_field nc_compute_update_result_pending_item = { "", NC_MSG_STR, 0, 0, 0, 1, 63, NULL, NULL, NULL, NULL };
static const nc_msg_field nc_compute_update_result_fields[] = {
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_compute_update_result, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "changed", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct nc_compute_update_result, changed), 0, 0, 1, NULL, NULL, NULL, NULL },
	{ "power", NC_MSG_ENUM, NC_MSG_REQUIRED, offsetof(struct nc_compute_update_result, power), 0, 0, 0, NULL, NULL, nc_power_names, NULL },
	{ "obs_seq", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_compute_update_result, obs_seq), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "pending", NC_MSG_LIST, NC_MSG_REQUIRED, offsetof(struct nc_compute_update_result, pending), 0, 0, 16, NULL, NULL, NULL, &nc_compute_update_result_pending_item },
};
const nc_msg nc_compute_update_result_msg = { "compute.update.result", sizeof(struct nc_compute_update_result), 5, 1, nc_compute_update_result_fields };

static const nc_msg_field nc_console_log_request_fields[] = {
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_console_log_request, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "offset", NC_MSG_INT, 0, offsetof(struct nc_console_log_request, offset), offsetof(struct nc_console_log_request, has_offset), 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "max_bytes", NC_MSG_INT, 0, offsetof(struct nc_console_log_request, max_bytes), offsetof(struct nc_console_log_request, has_max_bytes), 1, 67108864, NULL, NULL, NULL, NULL },
};
const nc_msg nc_console_log_request_msg = { "console.log.request", sizeof(struct nc_console_log_request), 3, 0, nc_console_log_request_fields };

static const nc_msg_field nc_console_log_result_fields[] = {
	{ "offset", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_console_log_result, offset), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "data", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_console_log_result, data), 0, 0, 1048576, NULL, NULL, NULL, NULL },
};
const nc_msg nc_console_log_result_msg = { "console.log.result", sizeof(struct nc_console_log_result), 2, 1, nc_console_log_result_fields };

static const nc_msg_field nc_console_screenshot_request_fields[] = {
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_console_screenshot_request, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
};
const nc_msg nc_console_screenshot_request_msg = { "console.screenshot.request", sizeof(struct nc_console_screenshot_request), 1, 0, nc_console_screenshot_request_fields };

const char *const nc_screen_format_names[] = { "ppm", "png", NULL };

static const nc_msg_field nc_console_screenshot_result_fields[] = {
	{ "format", NC_MSG_ENUM, NC_MSG_REQUIRED, offsetof(struct nc_console_screenshot_result, format), 0, 0, 0, NULL, NULL, nc_screen_format_names, NULL },
	{ "width", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_console_screenshot_result, width), 0, 1, 16384, NULL, NULL, NULL, NULL },
	{ "height", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_console_screenshot_result, height), 0, 1, 16384, NULL, NULL, NULL, NULL },
	{ "total_bytes", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_console_screenshot_result, total_bytes), 0, 1, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "offset", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_console_screenshot_result, offset), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "data", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_console_screenshot_result, data), 0, 0, 1048576, NULL, NULL, NULL, NULL },
};
const nc_msg nc_console_screenshot_result_msg = { "console.screenshot.result", sizeof(struct nc_console_screenshot_result), 6, 1, nc_console_screenshot_result_fields };

_Static_assert(offsetof(struct nc_console_sendkey_request, n_keys) == offsetof(struct nc_console_sendkey_request, keys) + sizeof(void *), "a list");
static const nc_msg_field nc_console_sendkey_request_keys_item = { "", NC_MSG_STR, 0, 0, 0, 1, 32, NULL, NULL, NULL, NULL };
static const nc_msg_field nc_console_sendkey_request_fields[] = {
	{ "id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_console_sendkey_request, id), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "uuid", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_console_sendkey_request, uuid), 0, 36, 36, NULL, NULL, NULL, NULL },
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_console_sendkey_request, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "tag", NC_MSG_OBJ, NC_MSG_REQUIRED, offsetof(struct nc_console_sendkey_request, tag), 0, 0, 0, NULL, &nc_tag_msg, NULL, NULL },
	{ "keys", NC_MSG_LIST, NC_MSG_REQUIRED, offsetof(struct nc_console_sendkey_request, keys), 0, 1, 16, NULL, NULL, NULL, &nc_console_sendkey_request_keys_item },
	{ "hold_ms", NC_MSG_INT, 0, offsetof(struct nc_console_sendkey_request, hold_ms), offsetof(struct nc_console_sendkey_request, has_hold_ms), 1, 10000, NULL, NULL, NULL, NULL },
};
const nc_msg nc_console_sendkey_request_msg = { "console.sendkey.request", sizeof(struct nc_console_sendkey_request), 6, 0, nc_console_sendkey_request_fields };

static const nc_msg_field nc_console_sendkey_result_fields[] = {
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_console_sendkey_result, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
};
const nc_msg nc_console_sendkey_result_msg = { "console.sendkey.result", sizeof(struct nc_console_sendkey_result), 1, 1, nc_console_sendkey_result_fields };

static const nc_msg_field nc_disk_attach_request_fields[] = {
	{ "id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_disk_attach_request, id), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "uuid", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_disk_attach_request, uuid), 0, 36, 36, NULL, NULL, NULL, NULL },
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_disk_attach_request, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "tag", NC_MSG_OBJ, NC_MSG_REQUIRED, offsetof(struct nc_disk_attach_request, tag), 0, 0, 0, NULL, &nc_tag_msg, NULL, NULL },
	{ "disk", NC_MSG_OBJ, NC_MSG_REQUIRED, offsetof(struct nc_disk_attach_request, disk), 0, 0, 0, NULL, &nc_disk_msg, NULL, NULL },
};
const nc_msg nc_disk_attach_request_msg = { "disk.attach.request", sizeof(struct nc_disk_attach_request), 5, 0, nc_disk_attach_request_fields };

static const nc_msg_field nc_disk_attach_result_fields[] = {
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_disk_attach_result, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "changed", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct nc_disk_attach_result, changed), 0, 0, 1, NULL, NULL, NULL, NULL },
	{ "obs_seq", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_disk_attach_result, obs_seq), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "disk", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_disk_attach_result, disk), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "device", NC_MSG_STR, 0, offsetof(struct nc_disk_attach_result, device), 0, 0, 63, NULL, NULL, NULL, NULL },
	{ "hot", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct nc_disk_attach_result, hot), 0, 0, 1, NULL, NULL, NULL, NULL },
};
const nc_msg nc_disk_attach_result_msg = { "disk.attach.result", sizeof(struct nc_disk_attach_result), 6, 1, nc_disk_attach_result_fields };

static const nc_msg_field nc_disk_detach_request_fields[] = {
	{ "id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_disk_detach_request, id), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "uuid", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_disk_detach_request, uuid), 0, 36, 36, NULL, NULL, NULL, NULL },
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_disk_detach_request, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "tag", NC_MSG_OBJ, NC_MSG_REQUIRED, offsetof(struct nc_disk_detach_request, tag), 0, 0, 0, NULL, &nc_tag_msg, NULL, NULL },
	{ "disk", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_disk_detach_request, disk), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "delete", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct nc_disk_detach_request, delete_), 0, 0, 1, NULL, NULL, NULL, NULL },
};
const nc_msg nc_disk_detach_request_msg = { "disk.detach.request", sizeof(struct nc_disk_detach_request), 6, 0, nc_disk_detach_request_fields };

static const nc_msg_field nc_disk_detach_result_fields[] = {
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_disk_detach_result, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "changed", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct nc_disk_detach_result, changed), 0, 0, 1, NULL, NULL, NULL, NULL },
	{ "obs_seq", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_disk_detach_result, obs_seq), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "volume", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_disk_detach_result, volume), 0, 0, 255, NULL, NULL, NULL, NULL },
	{ "hot", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct nc_disk_detach_result, hot), 0, 0, 1, NULL, NULL, NULL, NULL },
};
const nc_msg nc_disk_detach_result_msg = { "disk.detach.result", sizeof(struct nc_disk_detach_result), 5, 1, nc_disk_detach_result_fields };

static const nc_msg_field nc_disk_resize_request_fields[] = {
	{ "id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_disk_resize_request, id), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "uuid", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_disk_resize_request, uuid), 0, 36, 36, NULL, NULL, NULL, NULL },
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_disk_resize_request, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "tag", NC_MSG_OBJ, NC_MSG_REQUIRED, offsetof(struct nc_disk_resize_request, tag), 0, 0, 0, NULL, &nc_tag_msg, NULL, NULL },
	{ "disk", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_disk_resize_request, disk), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "size_gib", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_disk_resize_request, size_gib), 0, 1, 65536, NULL, NULL, NULL, NULL },
};
const nc_msg nc_disk_resize_request_msg = { "disk.resize.request", sizeof(struct nc_disk_resize_request), 6, 0, nc_disk_resize_request_fields };

static const nc_msg_field nc_disk_resize_result_fields[] = {
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_disk_resize_result, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "changed", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct nc_disk_resize_result, changed), 0, 0, 1, NULL, NULL, NULL, NULL },
	{ "obs_seq", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_disk_resize_result, obs_seq), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "size_gib", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_disk_resize_result, size_gib), 0, 1, 65536, NULL, NULL, NULL, NULL },
	{ "hot", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct nc_disk_resize_result, hot), 0, 0, 1, NULL, NULL, NULL, NULL },
};
const nc_msg nc_disk_resize_result_msg = { "disk.resize.result", sizeof(struct nc_disk_resize_result), 5, 1, nc_disk_resize_result_fields };

const char *const nc_migrate_mode_names[] = { "live", "cold", NULL };

const char *const nc_migrate_storage_names[] = { "shared", "copy", NULL };

static const nc_msg_field nc_migrate_start_request_fields[] = {
	{ "id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_migrate_start_request, id), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "uuid", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_migrate_start_request, uuid), 0, 36, 36, NULL, NULL, NULL, NULL },
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_migrate_start_request, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "tag", NC_MSG_OBJ, NC_MSG_REQUIRED, offsetof(struct nc_migrate_start_request, tag), 0, 0, 0, NULL, &nc_tag_msg, NULL, NULL },
	{ "destination", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_migrate_start_request, destination), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "mode", NC_MSG_ENUM, NC_MSG_REQUIRED, offsetof(struct nc_migrate_start_request, mode), 0, 0, 0, NULL, NULL, nc_migrate_mode_names, NULL },
	{ "storage", NC_MSG_ENUM, NC_MSG_REQUIRED, offsetof(struct nc_migrate_start_request, storage), 0, 0, 0, NULL, NULL, nc_migrate_storage_names, NULL },
	{ "post_copy", NC_MSG_BOOL, 0, offsetof(struct nc_migrate_start_request, post_copy), offsetof(struct nc_migrate_start_request, has_post_copy), 0, 1, NULL, NULL, NULL, NULL },
	{ "bandwidth_mib_s", NC_MSG_INT, 0, offsetof(struct nc_migrate_start_request, bandwidth_mib_s), offsetof(struct nc_migrate_start_request, has_bandwidth_mib_s), 1, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "max_downtime_ms", NC_MSG_INT, 0, offsetof(struct nc_migrate_start_request, max_downtime_ms), offsetof(struct nc_migrate_start_request, has_max_downtime_ms), 1, INT64_MAX, NULL, NULL, NULL, NULL },
};
const nc_msg nc_migrate_start_request_msg = { "migrate.start.request", sizeof(struct nc_migrate_start_request), 10, 0, nc_migrate_start_request_fields };

static const nc_msg_field nc_migrate_start_result_fields[] = {
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_migrate_start_result, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "host", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_migrate_start_result, host), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "changed", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct nc_migrate_start_result, changed), 0, 0, 1, NULL, NULL, NULL, NULL },
	{ "power", NC_MSG_ENUM, NC_MSG_REQUIRED, offsetof(struct nc_migrate_start_result, power), 0, 0, 0, NULL, NULL, nc_power_names, NULL },
	{ "obs_seq", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_migrate_start_result, obs_seq), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "copied_bytes", NC_MSG_INT, 0, offsetof(struct nc_migrate_start_result, copied_bytes), offsetof(struct nc_migrate_start_result, has_copied_bytes), 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "downtime_ms", NC_MSG_INT, 0, offsetof(struct nc_migrate_start_result, downtime_ms), offsetof(struct nc_migrate_start_result, has_downtime_ms), 0, INT64_MAX, NULL, NULL, NULL, NULL },
};
const nc_msg nc_migrate_start_result_msg = { "migrate.start.result", sizeof(struct nc_migrate_start_result), 7, 1, nc_migrate_start_result_fields };

const char *const nc_network_kind_names[] = { "nat", "routed", "bridged", "isolated", NULL };

_Static_assert(offsetof(struct nc_network_create_request, n_metadata) == offsetof(struct nc_network_create_request, metadata) + sizeof(void *), "a list");
static const nc_msg_field nc_network_create_request_fields[] = {
	{ "id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_network_create_request, id), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "uuid", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_network_create_request, uuid), 0, 36, 36, NULL, NULL, NULL, NULL },
	{ "tag", NC_MSG_OBJ, NC_MSG_REQUIRED, offsetof(struct nc_network_create_request, tag), 0, 0, 0, NULL, &nc_tag_msg, NULL, NULL },
	{ "name", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_network_create_request, name), 0, 1, 63, NULL, NULL, NULL, NULL },
	{ "project", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_network_create_request, project), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "kind", NC_MSG_ENUM, NC_MSG_REQUIRED, offsetof(struct nc_network_create_request, kind), 0, 0, 0, NULL, NULL, nc_network_kind_names, NULL },
	{ "cidr", NC_MSG_STR, 0, offsetof(struct nc_network_create_request, cidr), 0, 4, 49, NULL, NULL, NULL, NULL },
	{ "gateway", NC_MSG_STR, 0, offsetof(struct nc_network_create_request, gateway), 0, 2, 45, NULL, NULL, NULL, NULL },
	{ "dhcp", NC_MSG_BOOL, 0, offsetof(struct nc_network_create_request, dhcp), offsetof(struct nc_network_create_request, has_dhcp), 0, 1, NULL, NULL, NULL, NULL },
	{ "vlan", NC_MSG_INT, 0, offsetof(struct nc_network_create_request, vlan), offsetof(struct nc_network_create_request, has_vlan), 1, 4094, NULL, NULL, NULL, NULL },
	{ "physical", NC_MSG_STR, 0, offsetof(struct nc_network_create_request, physical), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "mtu", NC_MSG_INT, 0, offsetof(struct nc_network_create_request, mtu), offsetof(struct nc_network_create_request, has_mtu), 576, 65535, NULL, NULL, NULL, NULL },
	{ "metadata", NC_MSG_MAP, 0, offsetof(struct nc_network_create_request, metadata), 0, 0, INT64_MAX, NULL, &nc_metadata_entry_msg, NULL, NULL },
};
const nc_msg nc_network_create_request_msg = { "network.create.request", sizeof(struct nc_network_create_request), 13, 0, nc_network_create_request_fields };

static const nc_msg_field nc_network_create_result_fields[] = {
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_network_create_result, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "obs_seq", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_network_create_result, obs_seq), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "provider_data", NC_MSG_RAW, NC_MSG_REQUIRED, offsetof(struct nc_network_create_result, provider_data), 0, 0, 0, NULL, NULL, NULL, NULL },
};
const nc_msg nc_network_create_result_msg = { "network.create.result", sizeof(struct nc_network_create_result), 3, 1, nc_network_create_result_fields };

const nc_msg nc_network_inventory_request_msg = { "network.inventory.request", sizeof(struct nc_network_inventory_request), 0, 0, NULL };

static const nc_msg_field nc_network_inventory_result_fields[] = {
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_network_inventory_result, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "uuid", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_network_inventory_result, uuid), 0, 0, 36, NULL, NULL, NULL, NULL },
	{ "name", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_network_inventory_result, name), 0, 0, 255, NULL, NULL, NULL, NULL },
	{ "kind", NC_MSG_ENUM, NC_MSG_REQUIRED, offsetof(struct nc_network_inventory_result, kind), 0, 0, 0, NULL, NULL, nc_network_kind_names, NULL },
	{ "cidr", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_network_inventory_result, cidr), 0, 0, 49, NULL, NULL, NULL, NULL },
	{ "tag", NC_MSG_OBJ, 0, offsetof(struct nc_network_inventory_result, tag), offsetof(struct nc_network_inventory_result, has_tag), 0, 0, NULL, &nc_tag_msg, NULL, NULL },
	{ "owned", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct nc_network_inventory_result, owned), 0, 0, 1, NULL, NULL, NULL, NULL },
	{ "ports", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_network_inventory_result, ports), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "obs_seq", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_network_inventory_result, obs_seq), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
};
const nc_msg nc_network_inventory_result_msg = { "network.inventory.result", sizeof(struct nc_network_inventory_result), 9, 1, nc_network_inventory_result_fields };

static const nc_msg_field nc_network_port_create_request_fields[] = {
	{ "id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_network_port_create_request, id), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "uuid", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_network_port_create_request, uuid), 0, 36, 36, NULL, NULL, NULL, NULL },
	{ "tag", NC_MSG_OBJ, NC_MSG_REQUIRED, offsetof(struct nc_network_port_create_request, tag), 0, 0, 0, NULL, &nc_tag_msg, NULL, NULL },
	{ "network", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_network_port_create_request, network), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "mac", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_network_port_create_request, mac), 0, 17, 17, NULL, NULL, NULL, NULL },
	{ "address", NC_MSG_STR, 0, offsetof(struct nc_network_port_create_request, address), 0, 2, 45, NULL, NULL, NULL, NULL },
};
const nc_msg nc_network_port_create_request_msg = { "network.port_create.request", sizeof(struct nc_network_port_create_request), 6, 0, nc_network_port_create_request_fields };

static const nc_msg_field nc_network_port_create_result_address_fields[] = {
	{ "ip", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_network_port_create_result_address, ip), 0, 2, 45, NULL, NULL, NULL, NULL },
	{ "source", NC_MSG_ENUM, NC_MSG_REQUIRED, offsetof(struct nc_network_port_create_result_address, source), 0, 0, 0, NULL, NULL, nc_address_source_names, NULL },
};
const nc_msg nc_network_port_create_result_address_msg = { "nc_network_port_create_result_address", sizeof(struct nc_network_port_create_result_address), 2, 1, nc_network_port_create_result_address_fields };

_Static_assert(offsetof(struct nc_network_port_create_result, n_addresses) == offsetof(struct nc_network_port_create_result, addresses) + sizeof(void *), "a list");
static const nc_msg_field nc_network_port_create_result_addresses_item = { "", NC_MSG_OBJ, 0, 0, 0, 0, 0, NULL, &nc_network_port_create_result_address_msg, NULL, NULL };
static const nc_msg_field nc_network_port_create_result_fields[] = {
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_network_port_create_result, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "addresses", NC_MSG_LIST, NC_MSG_REQUIRED, offsetof(struct nc_network_port_create_result, addresses), 0, 0, 16, NULL, NULL, NULL, &nc_network_port_create_result_addresses_item },
	{ "obs_seq", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_network_port_create_result, obs_seq), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
};
const nc_msg nc_network_port_create_result_msg = { "network.port_create.result", sizeof(struct nc_network_port_create_result), 3, 1, nc_network_port_create_result_fields };

static const nc_msg_field nc_network_port_remove_request_fields[] = {
	{ "id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_network_port_remove_request, id), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "uuid", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_network_port_remove_request, uuid), 0, 36, 36, NULL, NULL, NULL, NULL },
	{ "tag", NC_MSG_OBJ, NC_MSG_REQUIRED, offsetof(struct nc_network_port_remove_request, tag), 0, 0, 0, NULL, &nc_tag_msg, NULL, NULL },
	{ "native_id", NC_MSG_STR, 0, offsetof(struct nc_network_port_remove_request, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
};
const nc_msg nc_network_port_remove_request_msg = { "network.port_remove.request", sizeof(struct nc_network_port_remove_request), 4, 0, nc_network_port_remove_request_fields };

static const nc_msg_field nc_network_port_remove_result_fields[] = {
	{ "changed", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct nc_network_port_remove_result, changed), 0, 0, 1, NULL, NULL, NULL, NULL },
};
const nc_msg nc_network_port_remove_result_msg = { "network.port_remove.result", sizeof(struct nc_network_port_remove_result), 1, 1, nc_network_port_remove_result_fields };

static const nc_msg_field nc_network_remove_request_fields[] = {
	{ "id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_network_remove_request, id), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "uuid", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_network_remove_request, uuid), 0, 36, 36, NULL, NULL, NULL, NULL },
	{ "tag", NC_MSG_OBJ, NC_MSG_REQUIRED, offsetof(struct nc_network_remove_request, tag), 0, 0, 0, NULL, &nc_tag_msg, NULL, NULL },
	{ "native_id", NC_MSG_STR, 0, offsetof(struct nc_network_remove_request, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
};
const nc_msg nc_network_remove_request_msg = { "network.remove.request", sizeof(struct nc_network_remove_request), 4, 0, nc_network_remove_request_fields };

static const nc_msg_field nc_network_remove_result_fields[] = {
	{ "changed", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct nc_network_remove_result, changed), 0, 0, 1, NULL, NULL, NULL, NULL },
};
const nc_msg nc_network_remove_result_msg = { "network.remove.result", sizeof(struct nc_network_remove_result), 1, 1, nc_network_remove_result_fields };

static const nc_msg_field nc_nic_attach_request_fields[] = {
	{ "id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_nic_attach_request, id), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "uuid", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_nic_attach_request, uuid), 0, 36, 36, NULL, NULL, NULL, NULL },
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_nic_attach_request, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "tag", NC_MSG_OBJ, NC_MSG_REQUIRED, offsetof(struct nc_nic_attach_request, tag), 0, 0, 0, NULL, &nc_tag_msg, NULL, NULL },
	{ "nic", NC_MSG_OBJ, NC_MSG_REQUIRED, offsetof(struct nc_nic_attach_request, nic), 0, 0, 0, NULL, &nc_nic_msg, NULL, NULL },
};
const nc_msg nc_nic_attach_request_msg = { "nic.attach.request", sizeof(struct nc_nic_attach_request), 5, 0, nc_nic_attach_request_fields };

_Static_assert(offsetof(struct nc_nic_attach_result, n_addresses) == offsetof(struct nc_nic_attach_result, addresses) + sizeof(void *), "a list");
static const nc_msg_field nc_nic_attach_result_addresses_item = { "", NC_MSG_OBJ, 0, 0, 0, 0, 0, NULL, &nc_address_msg, NULL, NULL };
static const nc_msg_field nc_nic_attach_result_fields[] = {
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_nic_attach_result, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "changed", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct nc_nic_attach_result, changed), 0, 0, 1, NULL, NULL, NULL, NULL },
	{ "obs_seq", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_nic_attach_result, obs_seq), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "nic", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_nic_attach_result, nic), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "addresses", NC_MSG_LIST, NC_MSG_REQUIRED, offsetof(struct nc_nic_attach_result, addresses), 0, 0, 64, NULL, NULL, NULL, &nc_nic_attach_result_addresses_item },
	{ "hot", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct nc_nic_attach_result, hot), 0, 0, 1, NULL, NULL, NULL, NULL },
};
const nc_msg nc_nic_attach_result_msg = { "nic.attach.result", sizeof(struct nc_nic_attach_result), 6, 1, nc_nic_attach_result_fields };

static const nc_msg_field nc_nic_detach_request_fields[] = {
	{ "id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_nic_detach_request, id), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "uuid", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_nic_detach_request, uuid), 0, 36, 36, NULL, NULL, NULL, NULL },
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_nic_detach_request, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "tag", NC_MSG_OBJ, NC_MSG_REQUIRED, offsetof(struct nc_nic_detach_request, tag), 0, 0, 0, NULL, &nc_tag_msg, NULL, NULL },
	{ "nic", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_nic_detach_request, nic), 0, 1, 64, NULL, NULL, NULL, NULL },
};
const nc_msg nc_nic_detach_request_msg = { "nic.detach.request", sizeof(struct nc_nic_detach_request), 5, 0, nc_nic_detach_request_fields };

static const nc_msg_field nc_nic_detach_result_fields[] = {
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_nic_detach_result, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "changed", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct nc_nic_detach_result, changed), 0, 0, 1, NULL, NULL, NULL, NULL },
	{ "obs_seq", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_nic_detach_result, obs_seq), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "hot", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct nc_nic_detach_result, hot), 0, 0, 1, NULL, NULL, NULL, NULL },
};
const nc_msg nc_nic_detach_result_msg = { "nic.detach.result", sizeof(struct nc_nic_detach_result), 4, 1, nc_nic_detach_result_fields };

const char *const nc_link_state_names[] = { "up", "down", NULL };

static const nc_msg_field nc_nic_update_request_fields[] = {
	{ "id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_nic_update_request, id), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "uuid", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_nic_update_request, uuid), 0, 36, 36, NULL, NULL, NULL, NULL },
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_nic_update_request, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "tag", NC_MSG_OBJ, NC_MSG_REQUIRED, offsetof(struct nc_nic_update_request, tag), 0, 0, 0, NULL, &nc_tag_msg, NULL, NULL },
	{ "nic", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_nic_update_request, nic), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "network", NC_MSG_STR, 0, offsetof(struct nc_nic_update_request, network), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "link", NC_MSG_ENUM, 0, offsetof(struct nc_nic_update_request, link), 0, 0, 0, NULL, NULL, nc_link_state_names, NULL },
	{ "address", NC_MSG_STR, 0, offsetof(struct nc_nic_update_request, address), 0, 2, 45, NULL, NULL, NULL, NULL },
};
const nc_msg nc_nic_update_request_msg = { "nic.update.request", sizeof(struct nc_nic_update_request), 8, 0, nc_nic_update_request_fields };

_Static_assert(offsetof(struct nc_nic_update_result, n_addresses) == offsetof(struct nc_nic_update_result, addresses) + sizeof(void *), "a list");
static const nc_msg_field nc_nic_update_result_addresses_item = { "", NC_MSG_OBJ, 0, 0, 0, 0, 0, NULL, &nc_address_msg, NULL, NULL };
static const nc_msg_field nc_nic_update_result_fields[] = {
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_nic_update_result, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "changed", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct nc_nic_update_result, changed), 0, 0, 1, NULL, NULL, NULL, NULL },
	{ "obs_seq", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_nic_update_result, obs_seq), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "addresses", NC_MSG_LIST, NC_MSG_REQUIRED, offsetof(struct nc_nic_update_result, addresses), 0, 0, 64, NULL, NULL, NULL, &nc_nic_update_result_addresses_item },
	{ "hot", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct nc_nic_update_result, hot), 0, 0, 1, NULL, NULL, NULL, NULL },
};
const nc_msg nc_nic_update_result_msg = { "nic.update.result", sizeof(struct nc_nic_update_result), 5, 1, nc_nic_update_result_fields };

const char *const nc_health_status_names[] = { "healthy", "degraded", "unhealthy", NULL };

static const nc_msg_field nc_plugin_health_result_fields[] = {
	{ "status", NC_MSG_ENUM, NC_MSG_REQUIRED, offsetof(struct nc_plugin_health_result, status), 0, 0, 0, NULL, NULL, nc_health_status_names, NULL },
	{ "message", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_plugin_health_result, message), 0, 0, 319, NULL, NULL, NULL, NULL },
	{ "details", NC_MSG_RAW, 0, offsetof(struct nc_plugin_health_result, details), 0, 0, 0, NULL, NULL, NULL, NULL },
};
const nc_msg nc_plugin_health_result_msg = { "plugin.health.result", sizeof(struct nc_plugin_health_result), 3, 1, nc_plugin_health_result_fields };

static const nc_msg_field nc_snapshot_create_request_fields[] = {
	{ "id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_create_request, id), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "uuid", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_create_request, uuid), 0, 36, 36, NULL, NULL, NULL, NULL },
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_create_request, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "tag", NC_MSG_OBJ, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_create_request, tag), 0, 0, 0, NULL, &nc_tag_msg, NULL, NULL },
	{ "snapshot_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_create_request, snapshot_id), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "name", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_create_request, name), 0, 1, 63, NULL, NULL, NULL, NULL },
	{ "memory", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_create_request, memory), 0, 0, 1, NULL, NULL, NULL, NULL },
	{ "quiesce", NC_MSG_BOOL, 0, offsetof(struct nc_snapshot_create_request, quiesce), offsetof(struct nc_snapshot_create_request, has_quiesce), 0, 1, NULL, NULL, NULL, NULL },
	{ "description", NC_MSG_STR, 0, offsetof(struct nc_snapshot_create_request, description), 0, 0, 1024, NULL, NULL, NULL, NULL },
};
const nc_msg nc_snapshot_create_request_msg = { "snapshot.create.request", sizeof(struct nc_snapshot_create_request), 9, 0, nc_snapshot_create_request_fields };

static const nc_msg_field nc_snapshot_create_result_fields[] = {
	{ "snapshot", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_create_result, snapshot), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "parent", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_create_result, parent), 0, 0, 255, NULL, NULL, NULL, NULL },
	{ "created_at_ms", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_create_result, created_at_ms), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "size_bytes", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_create_result, size_bytes), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "obs_seq", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_create_result, obs_seq), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
};
const nc_msg nc_snapshot_create_result_msg = { "snapshot.create.result", sizeof(struct nc_snapshot_create_result), 5, 1, nc_snapshot_create_result_fields };

static const nc_msg_field nc_snapshot_list_request_fields[] = {
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_list_request, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
};
const nc_msg nc_snapshot_list_request_msg = { "snapshot.list.request", sizeof(struct nc_snapshot_list_request), 1, 0, nc_snapshot_list_request_fields };

static const nc_msg_field nc_snapshot_list_result_fields[] = {
	{ "snapshot", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_list_result, snapshot), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "snapshot_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_list_result, snapshot_id), 0, 0, 64, NULL, NULL, NULL, NULL },
	{ "name", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_list_result, name), 0, 0, 255, NULL, NULL, NULL, NULL },
	{ "parent", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_list_result, parent), 0, 0, 255, NULL, NULL, NULL, NULL },
	{ "current", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_list_result, current), 0, 0, 1, NULL, NULL, NULL, NULL },
	{ "memory", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_list_result, memory), 0, 0, 1, NULL, NULL, NULL, NULL },
	{ "created_at_ms", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_list_result, created_at_ms), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "size_bytes", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_list_result, size_bytes), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
};
const nc_msg nc_snapshot_list_result_msg = { "snapshot.list.result", sizeof(struct nc_snapshot_list_result), 8, 1, nc_snapshot_list_result_fields };

const char *const nc_snapshot_children_names[] = { "keep", "remove", NULL };

static const nc_msg_field nc_snapshot_remove_request_fields[] = {
	{ "id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_remove_request, id), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "uuid", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_remove_request, uuid), 0, 36, 36, NULL, NULL, NULL, NULL },
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_remove_request, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "tag", NC_MSG_OBJ, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_remove_request, tag), 0, 0, 0, NULL, &nc_tag_msg, NULL, NULL },
	{ "snapshot", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_remove_request, snapshot), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "children", NC_MSG_ENUM, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_remove_request, children), 0, 0, 0, NULL, NULL, nc_snapshot_children_names, NULL },
};
const nc_msg nc_snapshot_remove_request_msg = { "snapshot.remove.request", sizeof(struct nc_snapshot_remove_request), 6, 0, nc_snapshot_remove_request_fields };

_Static_assert(offsetof(struct nc_snapshot_remove_result, n_removed) == offsetof(struct nc_snapshot_remove_result, removed) + sizeof(void *), "a list");
static const nc_msg_field nc_snapshot_remove_result_removed_item = { "", NC_MSG_STR, 0, 0, 0, 1, 255, NULL, NULL, NULL, NULL };
static const nc_msg_field nc_snapshot_remove_result_fields[] = {
	{ "changed", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_remove_result, changed), 0, 0, 1, NULL, NULL, NULL, NULL },
	{ "removed", NC_MSG_LIST, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_remove_result, removed), 0, 0, 1024, NULL, NULL, NULL, &nc_snapshot_remove_result_removed_item },
	{ "obs_seq", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_remove_result, obs_seq), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
};
const nc_msg nc_snapshot_remove_result_msg = { "snapshot.remove.result", sizeof(struct nc_snapshot_remove_result), 3, 1, nc_snapshot_remove_result_fields };

static const nc_msg_field nc_snapshot_revert_request_fields[] = {
	{ "id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_revert_request, id), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "uuid", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_revert_request, uuid), 0, 36, 36, NULL, NULL, NULL, NULL },
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_revert_request, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "tag", NC_MSG_OBJ, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_revert_request, tag), 0, 0, 0, NULL, &nc_tag_msg, NULL, NULL },
	{ "snapshot", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_revert_request, snapshot), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "start", NC_MSG_BOOL, 0, offsetof(struct nc_snapshot_revert_request, start), offsetof(struct nc_snapshot_revert_request, has_start), 0, 1, NULL, NULL, NULL, NULL },
};
const nc_msg nc_snapshot_revert_request_msg = { "snapshot.revert.request", sizeof(struct nc_snapshot_revert_request), 6, 0, nc_snapshot_revert_request_fields };

static const nc_msg_field nc_snapshot_revert_result_fields[] = {
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_revert_result, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "changed", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_revert_result, changed), 0, 0, 1, NULL, NULL, NULL, NULL },
	{ "obs_seq", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_revert_result, obs_seq), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "power", NC_MSG_ENUM, NC_MSG_REQUIRED, offsetof(struct nc_snapshot_revert_result, power), 0, 0, 0, NULL, NULL, nc_power_names, NULL },
};
const nc_msg nc_snapshot_revert_result_msg = { "snapshot.revert.result", sizeof(struct nc_snapshot_revert_result), 4, 1, nc_snapshot_revert_result_fields };

const char *const nc_stream_kind_names[] = { "serial", "vnc", "backup", "bytes", NULL };

const char *const nc_stream_pattern_names[] = { "zero", "count", "random", NULL };

const char *const nc_stream_direction_names[] = { "send", "receive", NULL };

static const nc_msg_field nc_stream_open_request_fields[] = {
	{ "kind", NC_MSG_ENUM, NC_MSG_REQUIRED, offsetof(struct nc_stream_open_request, kind), 0, 0, 0, NULL, NULL, nc_stream_kind_names, NULL },
	{ "native_id", NC_MSG_STR, 0, offsetof(struct nc_stream_open_request, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "backup", NC_MSG_STR, 0, offsetof(struct nc_stream_open_request, backup), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "disk", NC_MSG_STR, 0, offsetof(struct nc_stream_open_request, disk), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "offset", NC_MSG_INT, 0, offsetof(struct nc_stream_open_request, offset), offsetof(struct nc_stream_open_request, has_offset), 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "length", NC_MSG_INT, 0, offsetof(struct nc_stream_open_request, length), offsetof(struct nc_stream_open_request, has_length), 1, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "size", NC_MSG_INT, 0, offsetof(struct nc_stream_open_request, size), offsetof(struct nc_stream_open_request, has_size), 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "pattern", NC_MSG_ENUM, 0, offsetof(struct nc_stream_open_request, pattern), 0, 0, 0, NULL, NULL, nc_stream_pattern_names, NULL },
	{ "direction", NC_MSG_ENUM, 0, offsetof(struct nc_stream_open_request, direction), 0, 0, 0, NULL, NULL, nc_stream_direction_names, NULL },
};
const nc_msg nc_stream_open_request_msg = { "stream.open.request", sizeof(struct nc_stream_open_request), 9, 0, nc_stream_open_request_fields };

static const nc_msg_field nc_stream_open_result_fields[] = {
	{ "bytes", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_stream_open_result, bytes), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "crc32c", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_stream_open_result, crc32c), 0, 8, 8, NULL, NULL, NULL, NULL },
};
const nc_msg nc_stream_open_result_msg = { "stream.open.result", sizeof(struct nc_stream_open_result), 2, 1, nc_stream_open_result_fields };

_Static_assert(offsetof(struct nc_volume_create_request, n_metadata) == offsetof(struct nc_volume_create_request, metadata) + sizeof(void *), "a list");
static const nc_msg_field nc_volume_create_request_fields[] = {
	{ "id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_volume_create_request, id), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "uuid", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_volume_create_request, uuid), 0, 36, 36, NULL, NULL, NULL, NULL },
	{ "tag", NC_MSG_OBJ, NC_MSG_REQUIRED, offsetof(struct nc_volume_create_request, tag), 0, 0, 0, NULL, &nc_tag_msg, NULL, NULL },
	{ "name", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_volume_create_request, name), 0, 1, 63, NULL, NULL, NULL, NULL },
	{ "project", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_volume_create_request, project), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "size_gib", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_volume_create_request, size_gib), 0, 1, 65536, NULL, NULL, NULL, NULL },
	{ "image", NC_MSG_STR, 0, offsetof(struct nc_volume_create_request, image), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "snapshot", NC_MSG_STR, 0, offsetof(struct nc_volume_create_request, snapshot), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "metadata", NC_MSG_MAP, 0, offsetof(struct nc_volume_create_request, metadata), 0, 0, INT64_MAX, NULL, &nc_metadata_entry_msg, NULL, NULL },
};
const nc_msg nc_volume_create_request_msg = { "volume.create.request", sizeof(struct nc_volume_create_request), 9, 0, nc_volume_create_request_fields };

static const nc_msg_field nc_volume_create_result_fields[] = {
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_volume_create_result, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "size_gib", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_volume_create_result, size_gib), 0, 1, 65536, NULL, NULL, NULL, NULL },
	{ "obs_seq", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_volume_create_result, obs_seq), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "provider_data", NC_MSG_RAW, NC_MSG_REQUIRED, offsetof(struct nc_volume_create_result, provider_data), 0, 0, 0, NULL, NULL, NULL, NULL },
};
const nc_msg nc_volume_create_result_msg = { "volume.create.result", sizeof(struct nc_volume_create_result), 4, 1, nc_volume_create_result_fields };

const nc_msg nc_volume_inventory_request_msg = { "volume.inventory.request", sizeof(struct nc_volume_inventory_request), 0, 0, NULL };

static const nc_msg_field nc_volume_inventory_result_fields[] = {
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_volume_inventory_result, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "uuid", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_volume_inventory_result, uuid), 0, 0, 36, NULL, NULL, NULL, NULL },
	{ "name", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_volume_inventory_result, name), 0, 0, 255, NULL, NULL, NULL, NULL },
	{ "pool", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_volume_inventory_result, pool), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "tag", NC_MSG_OBJ, 0, offsetof(struct nc_volume_inventory_result, tag), offsetof(struct nc_volume_inventory_result, has_tag), 0, 0, NULL, &nc_tag_msg, NULL, NULL },
	{ "size_gib", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_volume_inventory_result, size_gib), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "obs_seq", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_volume_inventory_result, obs_seq), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "owned", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct nc_volume_inventory_result, owned), 0, 0, 1, NULL, NULL, NULL, NULL },
	{ "attached_to", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_volume_inventory_result, attached_to), 0, 0, 255, NULL, NULL, NULL, NULL },
	{ "snapshot_of", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_volume_inventory_result, snapshot_of), 0, 0, 255, NULL, NULL, NULL, NULL },
};
const nc_msg nc_volume_inventory_result_msg = { "volume.inventory.result", sizeof(struct nc_volume_inventory_result), 10, 1, nc_volume_inventory_result_fields };

const nc_msg nc_volume_pools_request_msg = { "volume.pools.request", sizeof(struct nc_volume_pools_request), 0, 0, NULL };

_Static_assert(offsetof(struct nc_volume_pools_result, n_traits) == offsetof(struct nc_volume_pools_result, traits) + sizeof(void *), "a list");
_Static_assert(offsetof(struct nc_volume_pools_result, n_hosts) == offsetof(struct nc_volume_pools_result, hosts) + sizeof(void *), "a list");
static const nc_msg_field nc_volume_pools_result_traits_item = { "", NC_MSG_STR, 0, 0, 0, 1, 63, NULL, NULL, NULL, NULL };
static const nc_msg_field nc_volume_pools_result_hosts_item = { "", NC_MSG_STR, 0, 0, 0, 1, 255, NULL, NULL, NULL, NULL };
static const nc_msg_field nc_volume_pools_result_fields[] = {
	{ "name", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_volume_pools_result, name), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "total_bytes", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_volume_pools_result, total_bytes), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "free_bytes", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_volume_pools_result, free_bytes), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "traits", NC_MSG_LIST, NC_MSG_REQUIRED, offsetof(struct nc_volume_pools_result, traits), 0, 0, 64, NULL, NULL, NULL, &nc_volume_pools_result_traits_item },
	{ "zone", NC_MSG_STR, 0, offsetof(struct nc_volume_pools_result, zone), 0, 0, 63, NULL, NULL, NULL, NULL },
	{ "hosts", NC_MSG_LIST, 0, offsetof(struct nc_volume_pools_result, hosts), 0, 0, 4096, NULL, NULL, NULL, &nc_volume_pools_result_hosts_item },
};
const nc_msg nc_volume_pools_result_msg = { "volume.pools.result", sizeof(struct nc_volume_pools_result), 6, 1, nc_volume_pools_result_fields };

static const nc_msg_field nc_volume_remove_request_fields[] = {
	{ "id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_volume_remove_request, id), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "uuid", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_volume_remove_request, uuid), 0, 36, 36, NULL, NULL, NULL, NULL },
	{ "tag", NC_MSG_OBJ, NC_MSG_REQUIRED, offsetof(struct nc_volume_remove_request, tag), 0, 0, 0, NULL, &nc_tag_msg, NULL, NULL },
	{ "native_id", NC_MSG_STR, 0, offsetof(struct nc_volume_remove_request, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
};
const nc_msg nc_volume_remove_request_msg = { "volume.remove.request", sizeof(struct nc_volume_remove_request), 4, 0, nc_volume_remove_request_fields };

static const nc_msg_field nc_volume_remove_result_fields[] = {
	{ "changed", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct nc_volume_remove_result, changed), 0, 0, 1, NULL, NULL, NULL, NULL },
};
const nc_msg nc_volume_remove_result_msg = { "volume.remove.result", sizeof(struct nc_volume_remove_result), 1, 1, nc_volume_remove_result_fields };

static const nc_msg_field nc_volume_resize_request_fields[] = {
	{ "id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_volume_resize_request, id), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "uuid", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_volume_resize_request, uuid), 0, 36, 36, NULL, NULL, NULL, NULL },
	{ "tag", NC_MSG_OBJ, NC_MSG_REQUIRED, offsetof(struct nc_volume_resize_request, tag), 0, 0, 0, NULL, &nc_tag_msg, NULL, NULL },
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_volume_resize_request, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "size_gib", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_volume_resize_request, size_gib), 0, 1, 65536, NULL, NULL, NULL, NULL },
};
const nc_msg nc_volume_resize_request_msg = { "volume.resize.request", sizeof(struct nc_volume_resize_request), 5, 0, nc_volume_resize_request_fields };

static const nc_msg_field nc_volume_resize_result_fields[] = {
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_volume_resize_result, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "changed", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct nc_volume_resize_result, changed), 0, 0, 1, NULL, NULL, NULL, NULL },
	{ "size_gib", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_volume_resize_result, size_gib), 0, 1, 65536, NULL, NULL, NULL, NULL },
	{ "obs_seq", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_volume_resize_result, obs_seq), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
};
const nc_msg nc_volume_resize_result_msg = { "volume.resize.result", sizeof(struct nc_volume_resize_result), 4, 1, nc_volume_resize_result_fields };

static const nc_msg_field nc_volume_snapshot_request_fields[] = {
	{ "id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_volume_snapshot_request, id), 0, 1, 64, NULL, NULL, NULL, NULL },
	{ "uuid", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_volume_snapshot_request, uuid), 0, 36, 36, NULL, NULL, NULL, NULL },
	{ "tag", NC_MSG_OBJ, NC_MSG_REQUIRED, offsetof(struct nc_volume_snapshot_request, tag), 0, 0, 0, NULL, &nc_tag_msg, NULL, NULL },
	{ "volume", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_volume_snapshot_request, volume), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "name", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_volume_snapshot_request, name), 0, 1, 63, NULL, NULL, NULL, NULL },
};
const nc_msg nc_volume_snapshot_request_msg = { "volume.snapshot.request", sizeof(struct nc_volume_snapshot_request), 5, 0, nc_volume_snapshot_request_fields };

static const nc_msg_field nc_volume_snapshot_result_fields[] = {
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct nc_volume_snapshot_result, native_id), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "size_gib", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_volume_snapshot_result, size_gib), 0, 1, 65536, NULL, NULL, NULL, NULL },
	{ "obs_seq", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct nc_volume_snapshot_result, obs_seq), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
};
const nc_msg nc_volume_snapshot_result_msg = { "volume.snapshot.result", sizeof(struct nc_volume_snapshot_result), 3, 1, nc_volume_snapshot_result_fields };

static const nc_msg *const all[] = {
	&nc_backup_begin_request_msg,
	&nc_backup_begin_result_msg,
	&nc_backup_end_request_msg,
	&nc_backup_end_result_msg,
	&nc_backup_extents_request_msg,
	&nc_backup_extents_result_msg,
	&nc_catalog_images_request_msg,
	&nc_catalog_images_result_msg,
	&nc_catalog_prices_request_msg,
	&nc_catalog_prices_result_msg,
	&nc_catalog_types_request_msg,
	&nc_catalog_types_result_msg,
	&nc_compute_create_request_msg,
	&nc_compute_create_result_msg,
	&nc_compute_destroy_request_msg,
	&nc_compute_destroy_result_msg,
	&nc_compute_fingerprint_request_msg,
	&nc_compute_guest_msg,
	&nc_compute_host_msg,
	&nc_compute_inventory_request_msg,
	&nc_compute_power_request_msg,
	&nc_compute_power_result_msg,
	&nc_compute_recover_request_msg,
	&nc_compute_update_request_msg,
	&nc_compute_update_result_msg,
	&nc_console_log_request_msg,
	&nc_console_log_result_msg,
	&nc_console_screenshot_request_msg,
	&nc_console_screenshot_result_msg,
	&nc_console_sendkey_request_msg,
	&nc_console_sendkey_result_msg,
	&nc_disk_attach_request_msg,
	&nc_disk_attach_result_msg,
	&nc_disk_detach_request_msg,
	&nc_disk_detach_result_msg,
	&nc_disk_resize_request_msg,
	&nc_disk_resize_result_msg,
	&nc_migrate_start_request_msg,
	&nc_migrate_start_result_msg,
	&nc_network_create_request_msg,
	&nc_network_create_result_msg,
	&nc_network_inventory_request_msg,
	&nc_network_inventory_result_msg,
	&nc_network_port_create_request_msg,
	&nc_network_port_create_result_msg,
	&nc_network_port_remove_request_msg,
	&nc_network_port_remove_result_msg,
	&nc_network_remove_request_msg,
	&nc_network_remove_result_msg,
	&nc_nic_attach_request_msg,
	&nc_nic_attach_result_msg,
	&nc_nic_detach_request_msg,
	&nc_nic_detach_result_msg,
	&nc_nic_update_request_msg,
	&nc_nic_update_result_msg,
	&nc_plugin_health_result_msg,
	&nc_snapshot_create_request_msg,
	&nc_snapshot_create_result_msg,
	&nc_snapshot_list_request_msg,
	&nc_snapshot_list_result_msg,
	&nc_snapshot_remove_request_msg,
	&nc_snapshot_remove_result_msg,
	&nc_snapshot_revert_request_msg,
	&nc_snapshot_revert_result_msg,
	&nc_stream_open_request_msg,
	&nc_stream_open_result_msg,
	&nc_volume_create_request_msg,
	&nc_volume_create_result_msg,
	&nc_volume_inventory_request_msg,
	&nc_volume_inventory_result_msg,
	&nc_volume_pools_request_msg,
	&nc_volume_pools_result_msg,
	&nc_volume_remove_request_msg,
	&nc_volume_remove_result_msg,
	&nc_volume_resize_request_msg,
	&nc_volume_resize_result_msg,
	&nc_volume_snapshot_request_msg,
	&nc_volume_snapshot_result_msg,
};

const nc_msg *nc_msg_find(const char *name)
{
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	return NULL;
}
