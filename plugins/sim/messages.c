/* SPDX-License-Identifier: Apache-2.0 */
/* Made by schema2c from JSON Schemas; change those and run it again. */
/* clang-format off */
#include "messages.h"

#include <stddef.h>
#include <string.h>

_Static_assert(offsetof(struct sim_listed_host, n_traits) == offsetof(struct sim_listed_host, traits) + sizeof(void *), "a list");
static const nc_msg_field sim_listed_host_traits_item = { "", NC_MSG_STR, 0, 0, 0, 1, 63, NULL, NULL, NULL, NULL };
static const nc_msg_field sim_listed_host_fields[] = {
	{ "name", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_listed_host, name), 0, 1, 63, NULL, NULL, NULL, NULL },
	{ "zone", NC_MSG_STR, 0, offsetof(struct sim_listed_host, zone), 0, 0, 63, NULL, NULL, NULL, NULL },
	{ "vcpus", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct sim_listed_host, vcpus), 0, 1, 65536, NULL, NULL, NULL, NULL },
	{ "memory_mib", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct sim_listed_host, memory_mib), 0, 1, 1073741824, NULL, NULL, NULL, NULL },
	{ "storage_gib", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct sim_listed_host, storage_gib), 0, 0, 1073741824, NULL, NULL, NULL, NULL },
	{ "traits", NC_MSG_LIST, 0, offsetof(struct sim_listed_host, traits), 0, 0, 64, NULL, NULL, NULL, &sim_listed_host_traits_item },
};
const nc_msg sim_listed_host_msg = { "sim_listed_host", sizeof(struct sim_listed_host), 6, 0, sim_listed_host_fields };

_Static_assert(offsetof(struct sim_host_size, n_traits) == offsetof(struct sim_host_size, traits) + sizeof(void *), "a list");
static const nc_msg_field sim_host_size_traits_item = { "", NC_MSG_STR, 0, 0, 0, 1, 63, NULL, NULL, NULL, NULL };
static const nc_msg_field sim_host_size_fields[] = {
	{ "weight", NC_MSG_INT, 0, offsetof(struct sim_host_size, weight), 0, 1, 1000, "1", NULL, NULL, NULL },
	{ "vcpus", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct sim_host_size, vcpus), 0, 1, 65536, NULL, NULL, NULL, NULL },
	{ "memory_mib", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct sim_host_size, memory_mib), 0, 1, 1073741824, NULL, NULL, NULL, NULL },
	{ "storage_gib", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct sim_host_size, storage_gib), 0, 0, 1073741824, NULL, NULL, NULL, NULL },
	{ "traits", NC_MSG_LIST, 0, offsetof(struct sim_host_size, traits), 0, 0, 64, NULL, NULL, NULL, &sim_host_size_traits_item },
};
const nc_msg sim_host_size_msg = { "sim_host_size", sizeof(struct sim_host_size), 5, 0, sim_host_size_fields };

const char *const sim_latency_dist_names[] = { "uniform", "normal", "exponential", NULL };

static const nc_msg_field sim_latency_fields[] = {
	{ "min", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct sim_latency, min), 0, 0, 3600000, NULL, NULL, NULL, NULL },
	{ "max", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct sim_latency, max), 0, 0, 3600000, NULL, NULL, NULL, NULL },
	{ "dist", NC_MSG_ENUM, 0, offsetof(struct sim_latency, dist), 0, 0, 0, "\"uniform\"", NULL, sim_latency_dist_names, NULL },
};
const nc_msg sim_latency_msg = { "sim_latency", sizeof(struct sim_latency), 3, 0, sim_latency_fields };

static const nc_msg_field sim_latency_ms_entry_fields[] = {
	{ "key", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_latency_ms_entry, key), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "value", NC_MSG_OBJ, NC_MSG_REQUIRED, offsetof(struct sim_latency_ms_entry, value), 0, 0, 0, NULL, &sim_latency_msg, NULL, NULL },
};
const nc_msg sim_latency_ms_entry_msg = { "sim_latency_ms_entry", sizeof(struct sim_latency_ms_entry), 2, 0, sim_latency_ms_entry_fields };

const char *const sim_fault_code_names[] = { "inval", "notfound", "busy", "denied", "quota", "unavailable", "timeout", "conflict", "internal", NULL };

static const nc_msg_field sim_fault_fields[] = {
	{ "hosts", NC_MSG_STR, 0, offsetof(struct sim_fault, hosts), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "names", NC_MSG_STR, 0, offsetof(struct sim_fault, names), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "verbs", NC_MSG_STR, 0, offsetof(struct sim_fault, verbs), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "failure_rate", NC_MSG_NUM, 0, offsetof(struct sim_fault, failure_rate), offsetof(struct sim_fault, has_failure_rate), 0, 1, NULL, NULL, NULL, NULL },
	{ "partial_rate", NC_MSG_NUM, 0, offsetof(struct sim_fault, partial_rate), offsetof(struct sim_fault, has_partial_rate), 0, 1, NULL, NULL, NULL, NULL },
	{ "hang_rate", NC_MSG_NUM, 0, offsetof(struct sim_fault, hang_rate), offsetof(struct sim_fault, has_hang_rate), 0, 1, NULL, NULL, NULL, NULL },
	{ "lost_reply_before", NC_MSG_NUM, 0, offsetof(struct sim_fault, lost_reply_before), offsetof(struct sim_fault, has_lost_reply_before), 0, 1, NULL, NULL, NULL, NULL },
	{ "lost_reply_after", NC_MSG_NUM, 0, offsetof(struct sim_fault, lost_reply_after), offsetof(struct sim_fault, has_lost_reply_after), 0, 1, NULL, NULL, NULL, NULL },
	{ "code", NC_MSG_ENUM, 0, offsetof(struct sim_fault, code), 0, 0, 0, NULL, NULL, sim_fault_code_names, NULL },
	{ "latency_ms", NC_MSG_OBJ, 0, offsetof(struct sim_fault, latency_ms), offsetof(struct sim_fault, has_latency_ms), 0, 0, NULL, &sim_latency_msg, NULL, NULL },
	{ "first_attempts", NC_MSG_INT, 0, offsetof(struct sim_fault, first_attempts), offsetof(struct sim_fault, has_first_attempts), 1, 1000, NULL, NULL, NULL, NULL },
};
const nc_msg sim_fault_msg = { "sim_fault", sizeof(struct sim_fault), 11, 0, sim_fault_fields };

const char *const sim_told_health_names[] = { "healthy", "degraded", "unhealthy", "hangs", NULL };

const char *const sim_hang_mode_names[] = { "accept", "block", NULL };

static const nc_msg_field sim_price_list_fields[] = {
	{ "vcpu_hour_micros", NC_MSG_INT, 0, offsetof(struct sim_price_list, vcpu_hour_micros), 0, 0, 1000000000, "11000", NULL, NULL, NULL },
	{ "memory_gib_hour_micros", NC_MSG_INT, 0, offsetof(struct sim_price_list, memory_gib_hour_micros), 0, 0, 1000000000, "2500", NULL, NULL, NULL },
	{ "storage_gib_month_micros", NC_MSG_INT, 0, offsetof(struct sim_price_list, storage_gib_month_micros), 0, 0, 1000000000, "80000", NULL, NULL, NULL },
	{ "address_hour_micros", NC_MSG_INT, 0, offsetof(struct sim_price_list, address_hour_micros), 0, 0, 1000000000, "4000", NULL, NULL, NULL },
	{ "egress_gib_micros", NC_MSG_INT, 0, offsetof(struct sim_price_list, egress_gib_micros), 0, 0, 1000000000, "20000", NULL, NULL, NULL },
	{ "spot_percent", NC_MSG_INT, 0, offsetof(struct sim_price_list, spot_percent), 0, 1, 100, "30", NULL, NULL, NULL },
};
const nc_msg sim_price_list_msg = { "sim_price_list", sizeof(struct sim_price_list), 6, 0, sim_price_list_fields };

static const nc_msg_field sim_instance_type_fields[] = {
	{ "name", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_instance_type, name), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "vcpus", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct sim_instance_type, vcpus), 0, 1, 4096, NULL, NULL, NULL, NULL },
	{ "memory_mib", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct sim_instance_type, memory_mib), 0, 1, 67108864, NULL, NULL, NULL, NULL },
	{ "storage_gib", NC_MSG_INT, 0, offsetof(struct sim_instance_type, storage_gib), 0, 0, 65536, "0", NULL, NULL, NULL },
};
const nc_msg sim_instance_type_msg = { "sim_instance_type", sizeof(struct sim_instance_type), 4, 0, sim_instance_type_fields };

static const nc_msg_field sim_image_fields[] = {
	{ "name", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_image, name), 0, 1, 255, NULL, NULL, NULL, NULL },
	{ "distro", NC_MSG_STR, 0, offsetof(struct sim_image, distro), 0, 0, 63, "\"\"", NULL, NULL, NULL },
	{ "version", NC_MSG_STR, 0, offsetof(struct sim_image, version), 0, 0, 63, "\"\"", NULL, NULL, NULL },
	{ "min_disk_gib", NC_MSG_INT, 0, offsetof(struct sim_image, min_disk_gib), 0, 0, 65536, "1", NULL, NULL, NULL },
	{ "size_bytes", NC_MSG_INT, 0, offsetof(struct sim_image, size_bytes), 0, 0, INT64_MAX, "536870912", NULL, NULL, NULL },
};
const nc_msg sim_image_msg = { "sim_image", sizeof(struct sim_image), 5, 0, sim_image_fields };

_Static_assert(offsetof(struct sim_config, n_host_list) == offsetof(struct sim_config, host_list) + sizeof(void *), "a list");
_Static_assert(offsetof(struct sim_config, n_sizes) == offsetof(struct sim_config, sizes) + sizeof(void *), "a list");
_Static_assert(offsetof(struct sim_config, n_zones) == offsetof(struct sim_config, zones) + sizeof(void *), "a list");
_Static_assert(offsetof(struct sim_config, n_networks) == offsetof(struct sim_config, networks) + sizeof(void *), "a list");
_Static_assert(offsetof(struct sim_config, n_latency_ms) == offsetof(struct sim_config, latency_ms) + sizeof(void *), "a list");
_Static_assert(offsetof(struct sim_config, n_faults) == offsetof(struct sim_config, faults) + sizeof(void *), "a list");
_Static_assert(offsetof(struct sim_config, n_hang_hosts) == offsetof(struct sim_config, hang_hosts) + sizeof(void *), "a list");
_Static_assert(offsetof(struct sim_config, n_down_hosts) == offsetof(struct sim_config, down_hosts) + sizeof(void *), "a list");
_Static_assert(offsetof(struct sim_config, n_types) == offsetof(struct sim_config, types) + sizeof(void *), "a list");
_Static_assert(offsetof(struct sim_config, n_images) == offsetof(struct sim_config, images) + sizeof(void *), "a list");
static const nc_msg_field sim_config_host_list_item = { "", NC_MSG_OBJ, 0, 0, 0, 0, 0, NULL, &sim_listed_host_msg, NULL, NULL };
static const nc_msg_field sim_config_sizes_item = { "", NC_MSG_OBJ, 0, 0, 0, 0, 0, NULL, &sim_host_size_msg, NULL, NULL };
static const nc_msg_field sim_config_zones_item = { "", NC_MSG_STR, 0, 0, 0, 1, 63, NULL, NULL, NULL, NULL };
static const nc_msg_field sim_config_networks_item = { "", NC_MSG_STR, 0, 0, 0, 1, 63, NULL, NULL, NULL, NULL };
static const nc_msg_field sim_config_faults_item = { "", NC_MSG_OBJ, 0, 0, 0, 0, 0, NULL, &sim_fault_msg, NULL, NULL };
static const nc_msg_field sim_config_hang_hosts_item = { "", NC_MSG_STR, 0, 0, 0, 1, 255, NULL, NULL, NULL, NULL };
static const nc_msg_field sim_config_down_hosts_item = { "", NC_MSG_STR, 0, 0, 0, 1, 255, NULL, NULL, NULL, NULL };
static const nc_msg_field sim_config_types_item = { "", NC_MSG_OBJ, 0, 0, 0, 0, 0, NULL, &sim_instance_type_msg, NULL, NULL };
static const nc_msg_field sim_config_images_item = { "", NC_MSG_OBJ, 0, 0, 0, 0, 0, NULL, &sim_image_msg, NULL, NULL };
static const nc_msg_field sim_config_fields[] = {
	{ "hosts", NC_MSG_INT, NC_MSG_RECREATE, offsetof(struct sim_config, hosts), 0, 1, 20000, "16", NULL, NULL, NULL },
	{ "host_list", NC_MSG_LIST, NC_MSG_RECREATE, offsetof(struct sim_config, host_list), 0, 0, 20000, NULL, NULL, NULL, &sim_config_host_list_item },
	{ "host_prefix", NC_MSG_STR, NC_MSG_RECREATE, offsetof(struct sim_config, host_prefix), 0, 1, 40, "\"host-\"", NULL, NULL, NULL },
	{ "sizes", NC_MSG_LIST, NC_MSG_RECREATE, offsetof(struct sim_config, sizes), 0, 0, 64, NULL, NULL, NULL, &sim_config_sizes_item },
	{ "zones", NC_MSG_LIST, NC_MSG_RECREATE, offsetof(struct sim_config, zones), 0, 0, 64, NULL, NULL, NULL, &sim_config_zones_item },
	{ "networks", NC_MSG_LIST, NC_MSG_RECREATE, offsetof(struct sim_config, networks), 0, 0, 256, NULL, NULL, NULL, &sim_config_networks_item },
	{ "shared_pool_gib", NC_MSG_INT, NC_MSG_RECREATE, offsetof(struct sim_config, shared_pool_gib), 0, 0, 1073741824, "1048576", NULL, NULL, NULL },
	{ "seed", NC_MSG_INT, NC_MSG_RECREATE, offsetof(struct sim_config, seed), 0, 0, INT64_MAX, "1", NULL, NULL, NULL },
	{ "enforce_capacity", NC_MSG_BOOL, 0, offsetof(struct sim_config, enforce_capacity), 0, 0, 1, "true", NULL, NULL, NULL },
	{ "vcpu_ratio", NC_MSG_INT, 0, offsetof(struct sim_config, vcpu_ratio), 0, 1, 64, "4", NULL, NULL, NULL },
	{ "latency_ms", NC_MSG_MAP, 0, offsetof(struct sim_config, latency_ms), 0, 0, INT64_MAX, NULL, &sim_latency_ms_entry_msg, NULL, NULL },
	{ "failure_rate", NC_MSG_NUM, 0, offsetof(struct sim_config, failure_rate), 0, 0, 1, "0", NULL, NULL, NULL },
	{ "partial_rate", NC_MSG_NUM, 0, offsetof(struct sim_config, partial_rate), 0, 0, 1, "0", NULL, NULL, NULL },
	{ "hang_rate", NC_MSG_NUM, 0, offsetof(struct sim_config, hang_rate), 0, 0, 1, "0", NULL, NULL, NULL },
	{ "lost_reply_before", NC_MSG_NUM, 0, offsetof(struct sim_config, lost_reply_before), 0, 0, 1, "0", NULL, NULL, NULL },
	{ "lost_reply_after", NC_MSG_NUM, 0, offsetof(struct sim_config, lost_reply_after), 0, 0, 1, "0", NULL, NULL, NULL },
	{ "fault_code", NC_MSG_ENUM, 0, offsetof(struct sim_config, fault_code), 0, 0, 0, "\"unavailable\"", NULL, sim_fault_code_names, NULL },
	{ "faults", NC_MSG_LIST, 0, offsetof(struct sim_config, faults), 0, 0, 256, NULL, NULL, NULL, &sim_config_faults_item },
	{ "hang_hosts", NC_MSG_LIST, 0, offsetof(struct sim_config, hang_hosts), 0, 0, 256, NULL, NULL, NULL, &sim_config_hang_hosts_item },
	{ "health", NC_MSG_ENUM, 0, offsetof(struct sim_config, health), 0, 0, 0, "\"healthy\"", NULL, sim_told_health_names, NULL },
	{ "hang_mode", NC_MSG_ENUM, 0, offsetof(struct sim_config, hang_mode), 0, 0, 0, "\"accept\"", NULL, sim_hang_mode_names, NULL },
	{ "hang_max_ms", NC_MSG_INT, 0, offsetof(struct sim_config, hang_max_ms), 0, 1, 86400000, "600000", NULL, NULL, NULL },
	{ "down_hosts", NC_MSG_LIST, 0, offsetof(struct sim_config, down_hosts), 0, 0, 256, NULL, NULL, NULL, &sim_config_down_hosts_item },
	{ "guest_boot_ms", NC_MSG_INT, 0, offsetof(struct sim_config, guest_boot_ms), 0, 0, 3600000, "0", NULL, NULL, NULL },
	{ "guest_shutdown_ms", NC_MSG_INT, 0, offsetof(struct sim_config, guest_shutdown_ms), 0, 0, 3600000, "0", NULL, NULL, NULL },
	{ "ignore_shutdown_rate", NC_MSG_NUM, 0, offsetof(struct sim_config, ignore_shutdown_rate), 0, 0, 1, "0", NULL, NULL, NULL },
	{ "self_poweroff_per_hour", NC_MSG_NUM, 0, offsetof(struct sim_config, self_poweroff_per_hour), 0, 0, 3600, "0", NULL, NULL, NULL },
	{ "crash_per_hour", NC_MSG_NUM, 0, offsetof(struct sim_config, crash_per_hour), 0, 0, 3600, "0", NULL, NULL, NULL },
	{ "truth", NC_MSG_STR, NC_MSG_RECREATE, offsetof(struct sim_config, truth), 0, 1, 4095, "\"memory\"", NULL, NULL, NULL },
	{ "truth_fsync", NC_MSG_BOOL, 0, offsetof(struct sim_config, truth_fsync), 0, 0, 1, "false", NULL, NULL, NULL },
	{ "remember_ops", NC_MSG_INT, 0, offsetof(struct sim_config, remember_ops), 0, 16, 10000000, "65536", NULL, NULL, NULL },
	{ "currency", NC_MSG_STR, 0, offsetof(struct sim_config, currency), 0, 3, 3, "\"EUR\"", NULL, NULL, NULL },
	{ "prices", NC_MSG_OBJ, 0, offsetof(struct sim_config, prices), 0, 0, 0, "{}", &sim_price_list_msg, NULL, NULL },
	{ "types", NC_MSG_LIST, 0, offsetof(struct sim_config, types), 0, 0, 256, NULL, NULL, NULL, &sim_config_types_item },
	{ "images", NC_MSG_LIST, 0, offsetof(struct sim_config, images), 0, 0, 256, NULL, NULL, NULL, &sim_config_images_item },
	{ "access_key", NC_MSG_STR, NC_MSG_SECRET | NC_MSG_RECREATE, offsetof(struct sim_config, access_key), 0, 1, 255, NULL, NULL, NULL, NULL },
};
const nc_msg sim_config_msg = { "config", sizeof(struct sim_config), 36, 0, sim_config_fields };

static const nc_msg_field sim_truth_meta_fields[] = {
	{ "version", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct sim_truth_meta, version), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "seed", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct sim_truth_meta, seed), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
};
const nc_msg sim_truth_meta_msg = { "sim_truth_meta", sizeof(struct sim_truth_meta), 2, 0, sim_truth_meta_fields };

static const nc_msg_field sim_begin_doc_fields[] = {
	{ "key", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_begin_doc, key), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "verb", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_begin_doc, verb), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "target", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_begin_doc, target), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "attempt", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct sim_begin_doc, attempt), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "due_ms", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct sim_begin_doc, due_ms), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "request", NC_MSG_RAW, NC_MSG_REQUIRED, offsetof(struct sim_begin_doc, request), 0, 0, 0, NULL, NULL, NULL, NULL },
};
const nc_msg sim_begin_doc_msg = { "sim_begin_doc", sizeof(struct sim_begin_doc), 6, 0, sim_begin_doc_fields };

const char *const sim_outcome_names[] = { "done", "failed", "lost", "cancelled", NULL };

static const nc_msg_field sim_end_doc_fields[] = {
	{ "key", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_end_doc, key), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "verb", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_end_doc, verb), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "attempt", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct sim_end_doc, attempt), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "request_crc", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct sim_end_doc, request_crc), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "outcome", NC_MSG_ENUM, NC_MSG_REQUIRED, offsetof(struct sim_end_doc, outcome), 0, 0, 0, NULL, NULL, sim_outcome_names, NULL },
	{ "result", NC_MSG_RAW, 0, offsetof(struct sim_end_doc, result), 0, 0, 0, NULL, NULL, NULL, NULL },
	{ "code", NC_MSG_INT, 0, offsetof(struct sim_end_doc, code), offsetof(struct sim_end_doc, has_code), -1000, 0, NULL, NULL, NULL, NULL },
	{ "message", NC_MSG_STR, 0, offsetof(struct sim_end_doc, message), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
};
const nc_msg sim_end_doc_msg = { "sim_end_doc", sizeof(struct sim_end_doc), 8, 0, sim_end_doc_fields };

static const nc_msg_field sim_tag_fields[] = {
	{ "installation", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_tag, installation), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "object", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_tag, object), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "operation", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_tag, operation), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "epoch", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct sim_tag, epoch), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
};
const nc_msg sim_tag_msg = { "sim_tag", sizeof(struct sim_tag), 4, 0, sim_tag_fields };

const char *const sim_power_names[] = { "running", "stopped", "paused", "suspended", "crashed", NULL };

static const nc_msg_field sim_metadata_entry_fields[] = {
	{ "key", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_metadata_entry, key), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "value", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_metadata_entry, value), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
};
const nc_msg sim_metadata_entry_msg = { "sim_metadata_entry", sizeof(struct sim_metadata_entry), 2, 0, sim_metadata_entry_fields };

static const nc_msg_field sim_disk_doc_fields[] = {
	{ "id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_disk_doc, id), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "size_gib", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct sim_disk_doc, size_gib), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "image", NC_MSG_STR, 0, offsetof(struct sim_disk_doc, image), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "volume", NC_MSG_STR, 0, offsetof(struct sim_disk_doc, volume), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "pool", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_disk_doc, pool), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
};
const nc_msg sim_disk_doc_msg = { "sim_disk_doc", sizeof(struct sim_disk_doc), 5, 0, sim_disk_doc_fields };

static const nc_msg_field sim_nic_doc_fields[] = {
	{ "id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_nic_doc, id), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "mac", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_nic_doc, mac), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "network", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_nic_doc, network), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "ip", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_nic_doc, ip), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "is_static", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct sim_nic_doc, is_static), 0, 0, 1, NULL, NULL, NULL, NULL },
	{ "is_down", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct sim_nic_doc, is_down), 0, 0, 1, NULL, NULL, NULL, NULL },
};
const nc_msg sim_nic_doc_msg = { "sim_nic_doc", sizeof(struct sim_nic_doc), 6, 0, sim_nic_doc_fields };

static const nc_msg_field sim_snapshot_doc_fields[] = {
	{ "snapshot", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_snapshot_doc, snapshot), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "snapshot_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_snapshot_doc, snapshot_id), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "name", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_snapshot_doc, name), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "parent", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_snapshot_doc, parent), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "memory", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct sim_snapshot_doc, memory), 0, 0, 1, NULL, NULL, NULL, NULL },
	{ "power", NC_MSG_ENUM, NC_MSG_REQUIRED, offsetof(struct sim_snapshot_doc, power), 0, 0, 0, NULL, NULL, sim_power_names, NULL },
	{ "made_at_ms", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct sim_snapshot_doc, made_at_ms), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "size_bytes", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct sim_snapshot_doc, size_bytes), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
};
const nc_msg sim_snapshot_doc_msg = { "sim_snapshot_doc", sizeof(struct sim_snapshot_doc), 8, 0, sim_snapshot_doc_fields };

_Static_assert(offsetof(struct sim_backup_doc, n_disks) == offsetof(struct sim_backup_doc, disks) + sizeof(void *), "a list");
static const nc_msg_field sim_backup_doc_disks_item = { "", NC_MSG_STR, 0, 0, 0, 0, INT64_MAX, NULL, NULL, NULL, NULL };
static const nc_msg_field sim_backup_doc_fields[] = {
	{ "backup", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_backup_doc, backup), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "checkpoint", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_backup_doc, checkpoint), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "disks", NC_MSG_LIST, NC_MSG_REQUIRED, offsetof(struct sim_backup_doc, disks), 0, 0, INT64_MAX, NULL, NULL, NULL, &sim_backup_doc_disks_item },
};
const nc_msg sim_backup_doc_msg = { "sim_backup_doc", sizeof(struct sim_backup_doc), 3, 0, sim_backup_doc_fields };

_Static_assert(offsetof(struct sim_guest_doc, n_metadata) == offsetof(struct sim_guest_doc, metadata) + sizeof(void *), "a list");
_Static_assert(offsetof(struct sim_guest_doc, n_disks) == offsetof(struct sim_guest_doc, disks) + sizeof(void *), "a list");
_Static_assert(offsetof(struct sim_guest_doc, n_nics) == offsetof(struct sim_guest_doc, nics) + sizeof(void *), "a list");
_Static_assert(offsetof(struct sim_guest_doc, n_snapshots) == offsetof(struct sim_guest_doc, snapshots) + sizeof(void *), "a list");
_Static_assert(offsetof(struct sim_guest_doc, n_backups) == offsetof(struct sim_guest_doc, backups) + sizeof(void *), "a list");
_Static_assert(offsetof(struct sim_guest_doc, n_checkpoints) == offsetof(struct sim_guest_doc, checkpoints) + sizeof(void *), "a list");
static const nc_msg_field sim_guest_doc_disks_item = { "", NC_MSG_OBJ, 0, 0, 0, 0, 0, NULL, &sim_disk_doc_msg, NULL, NULL };
static const nc_msg_field sim_guest_doc_nics_item = { "", NC_MSG_OBJ, 0, 0, 0, 0, 0, NULL, &sim_nic_doc_msg, NULL, NULL };
static const nc_msg_field sim_guest_doc_snapshots_item = { "", NC_MSG_OBJ, 0, 0, 0, 0, 0, NULL, &sim_snapshot_doc_msg, NULL, NULL };
static const nc_msg_field sim_guest_doc_backups_item = { "", NC_MSG_OBJ, 0, 0, 0, 0, 0, NULL, &sim_backup_doc_msg, NULL, NULL };
static const nc_msg_field sim_guest_doc_checkpoints_item = { "", NC_MSG_STR, 0, 0, 0, 0, INT64_MAX, NULL, NULL, NULL, NULL };
static const nc_msg_field sim_guest_doc_fields[] = {
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_guest_doc, native_id), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "uuid", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_guest_doc, uuid), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_guest_doc, id), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "name", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_guest_doc, name), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "project", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_guest_doc, project), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "host", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_guest_doc, host), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "tag", NC_MSG_OBJ, NC_MSG_REQUIRED, offsetof(struct sim_guest_doc, tag), 0, 0, 0, NULL, &sim_tag_msg, NULL, NULL },
	{ "incarnation", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct sim_guest_doc, incarnation), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "vcpus", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct sim_guest_doc, vcpus), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "memory_mib", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct sim_guest_doc, memory_mib), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "power", NC_MSG_ENUM, NC_MSG_REQUIRED, offsetof(struct sim_guest_doc, power), 0, 0, 0, NULL, NULL, sim_power_names, NULL },
	{ "obs_seq", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct sim_guest_doc, obs_seq), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "next_vcpus", NC_MSG_INT, 0, offsetof(struct sim_guest_doc, next_vcpus), offsetof(struct sim_guest_doc, has_next_vcpus), 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "next_memory_mib", NC_MSG_INT, 0, offsetof(struct sim_guest_doc, next_memory_mib), offsetof(struct sim_guest_doc, has_next_memory_mib), 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "made_by", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_guest_doc, made_by), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "made_at_ms", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct sim_guest_doc, made_at_ms), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "boots", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct sim_guest_doc, boots), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "booted_at_ms", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct sim_guest_doc, booted_at_ms), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "image", NC_MSG_STR, 0, offsetof(struct sim_guest_doc, image), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "firmware", NC_MSG_STR, 0, offsetof(struct sim_guest_doc, firmware), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "metadata", NC_MSG_MAP, 0, offsetof(struct sim_guest_doc, metadata), 0, 0, INT64_MAX, NULL, &sim_metadata_entry_msg, NULL, NULL },
	{ "disks", NC_MSG_LIST, NC_MSG_REQUIRED, offsetof(struct sim_guest_doc, disks), 0, 0, INT64_MAX, NULL, NULL, NULL, &sim_guest_doc_disks_item },
	{ "nics", NC_MSG_LIST, NC_MSG_REQUIRED, offsetof(struct sim_guest_doc, nics), 0, 0, INT64_MAX, NULL, NULL, NULL, &sim_guest_doc_nics_item },
	{ "snapshots", NC_MSG_LIST, 0, offsetof(struct sim_guest_doc, snapshots), 0, 0, INT64_MAX, NULL, NULL, NULL, &sim_guest_doc_snapshots_item },
	{ "current", NC_MSG_STR, 0, offsetof(struct sim_guest_doc, current), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "backups", NC_MSG_LIST, 0, offsetof(struct sim_guest_doc, backups), 0, 0, INT64_MAX, NULL, NULL, NULL, &sim_guest_doc_backups_item },
	{ "checkpoints", NC_MSG_LIST, 0, offsetof(struct sim_guest_doc, checkpoints), 0, 0, INT64_MAX, NULL, NULL, NULL, &sim_guest_doc_checkpoints_item },
};
const nc_msg sim_guest_doc_msg = { "sim_guest_doc", sizeof(struct sim_guest_doc), 27, 0, sim_guest_doc_fields };

static const nc_msg_field sim_volume_doc_fields[] = {
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_volume_doc, native_id), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "uuid", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_volume_doc, uuid), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_volume_doc, id), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "name", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_volume_doc, name), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "pool", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_volume_doc, pool), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "tag", NC_MSG_OBJ, 0, offsetof(struct sim_volume_doc, tag), offsetof(struct sim_volume_doc, has_tag), 0, 0, NULL, &sim_tag_msg, NULL, NULL },
	{ "size_gib", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct sim_volume_doc, size_gib), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "obs_seq", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct sim_volume_doc, obs_seq), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "made_by", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_volume_doc, made_by), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "attached_to", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_volume_doc, attached_to), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "snapshot_of", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_volume_doc, snapshot_of), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
};
const nc_msg sim_volume_doc_msg = { "sim_volume_doc", sizeof(struct sim_volume_doc), 11, 0, sim_volume_doc_fields };

const char *const sim_network_kind_names[] = { "nat", "routed", "bridged", "isolated", NULL };

static const nc_msg_field sim_network_doc_fields[] = {
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_network_doc, native_id), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "uuid", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_network_doc, uuid), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_network_doc, id), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "name", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_network_doc, name), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "cidr", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_network_doc, cidr), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "kind", NC_MSG_ENUM, NC_MSG_REQUIRED, offsetof(struct sim_network_doc, kind), 0, 0, 0, NULL, NULL, sim_network_kind_names, NULL },
	{ "tag", NC_MSG_OBJ, 0, offsetof(struct sim_network_doc, tag), offsetof(struct sim_network_doc, has_tag), 0, 0, NULL, &sim_tag_msg, NULL, NULL },
	{ "obs_seq", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct sim_network_doc, obs_seq), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "made_by", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_network_doc, made_by), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
};
const nc_msg sim_network_doc_msg = { "sim_network_doc", sizeof(struct sim_network_doc), 9, 0, sim_network_doc_fields };

static const nc_msg_field sim_port_doc_fields[] = {
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_port_doc, native_id), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "uuid", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_port_doc, uuid), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_port_doc, id), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "network", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_port_doc, network), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "mac", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_port_doc, mac), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "ip", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_port_doc, ip), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "is_static", NC_MSG_BOOL, NC_MSG_REQUIRED, offsetof(struct sim_port_doc, is_static), 0, 0, 1, NULL, NULL, NULL, NULL },
	{ "tag", NC_MSG_OBJ, 0, offsetof(struct sim_port_doc, tag), offsetof(struct sim_port_doc, has_tag), 0, 0, NULL, &sim_tag_msg, NULL, NULL },
	{ "obs_seq", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct sim_port_doc, obs_seq), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "made_by", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_port_doc, made_by), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
};
const nc_msg sim_port_doc_msg = { "sim_port_doc", sizeof(struct sim_port_doc), 10, 0, sim_port_doc_fields };

const char *const sim_doc_kind_names[] = { "guest", "volume", "network", "port", NULL };

static const nc_msg_field sim_gone_doc_fields[] = {
	{ "kind", NC_MSG_ENUM, NC_MSG_REQUIRED, offsetof(struct sim_gone_doc, kind), 0, 0, 0, NULL, NULL, sim_doc_kind_names, NULL },
	{ "native_id", NC_MSG_STR, NC_MSG_REQUIRED, offsetof(struct sim_gone_doc, native_id), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
};
const nc_msg sim_gone_doc_msg = { "sim_gone_doc", sizeof(struct sim_gone_doc), 2, 0, sim_gone_doc_fields };

_Static_assert(offsetof(struct sim_record, n_guests) == offsetof(struct sim_record, guests) + sizeof(void *), "a list");
_Static_assert(offsetof(struct sim_record, n_volumes) == offsetof(struct sim_record, volumes) + sizeof(void *), "a list");
_Static_assert(offsetof(struct sim_record, n_networks) == offsetof(struct sim_record, networks) + sizeof(void *), "a list");
_Static_assert(offsetof(struct sim_record, n_ports) == offsetof(struct sim_record, ports) + sizeof(void *), "a list");
_Static_assert(offsetof(struct sim_record, n_gone) == offsetof(struct sim_record, gone) + sizeof(void *), "a list");
static const nc_msg_field sim_record_guests_item = { "", NC_MSG_OBJ, 0, 0, 0, 0, 0, NULL, &sim_guest_doc_msg, NULL, NULL };
static const nc_msg_field sim_record_volumes_item = { "", NC_MSG_OBJ, 0, 0, 0, 0, 0, NULL, &sim_volume_doc_msg, NULL, NULL };
static const nc_msg_field sim_record_networks_item = { "", NC_MSG_OBJ, 0, 0, 0, 0, 0, NULL, &sim_network_doc_msg, NULL, NULL };
static const nc_msg_field sim_record_ports_item = { "", NC_MSG_OBJ, 0, 0, 0, 0, 0, NULL, &sim_port_doc_msg, NULL, NULL };
static const nc_msg_field sim_record_gone_item = { "", NC_MSG_OBJ, 0, 0, 0, 0, 0, NULL, &sim_gone_doc_msg, NULL, NULL };
static const nc_msg_field sim_record_fields[] = {
	{ "seq", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct sim_record, seq), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "at_ms", NC_MSG_INT, NC_MSG_REQUIRED, offsetof(struct sim_record, at_ms), 0, 0, INT64_MAX, NULL, NULL, NULL, NULL },
	{ "meta", NC_MSG_OBJ, 0, offsetof(struct sim_record, meta), offsetof(struct sim_record, has_meta), 0, 0, NULL, &sim_truth_meta_msg, NULL, NULL },
	{ "begin", NC_MSG_OBJ, 0, offsetof(struct sim_record, begin), offsetof(struct sim_record, has_begin), 0, 0, NULL, &sim_begin_doc_msg, NULL, NULL },
	{ "end", NC_MSG_OBJ, 0, offsetof(struct sim_record, end), offsetof(struct sim_record, has_end), 0, 0, NULL, &sim_end_doc_msg, NULL, NULL },
	{ "guests", NC_MSG_LIST, 0, offsetof(struct sim_record, guests), 0, 0, INT64_MAX, NULL, NULL, NULL, &sim_record_guests_item },
	{ "volumes", NC_MSG_LIST, 0, offsetof(struct sim_record, volumes), 0, 0, INT64_MAX, NULL, NULL, NULL, &sim_record_volumes_item },
	{ "networks", NC_MSG_LIST, 0, offsetof(struct sim_record, networks), 0, 0, INT64_MAX, NULL, NULL, NULL, &sim_record_networks_item },
	{ "ports", NC_MSG_LIST, 0, offsetof(struct sim_record, ports), 0, 0, INT64_MAX, NULL, NULL, NULL, &sim_record_ports_item },
	{ "gone", NC_MSG_LIST, 0, offsetof(struct sim_record, gone), 0, 0, INT64_MAX, NULL, NULL, NULL, &sim_record_gone_item },
};
const nc_msg sim_record_msg = { "record", sizeof(struct sim_record), 10, 0, sim_record_fields };
