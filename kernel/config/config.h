/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CONFIG_CONFIG_H
#define NC_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "novacron/abi.h"

/*
 * The configuration as one immutable, reference-counted snapshot. What is in here has passed the
 * schema (config/schema.h): strings are never NULL ("" = not set), paths are absolute, enums and
 * numbers lie in their ranges. Everything hangs on the snapshot and dies with its last reference.
 * A reader takes a reference (nc_config_holder_get), reads plain fields, and drops it.
 */
typedef enum { NC_CONFIG_SQLITE, NC_CONFIG_POSTGRES, NC_CONFIG_MYSQL } nc_config_driver;
typedef enum { NC_CONFIG_DURABLE, NC_CONFIG_UNSAFE } nc_config_durability;
typedef enum { NC_CONFIG_FIRST_FIT, NC_CONFIG_BEST_FIT } nc_config_algorithm;
typedef enum { NC_CONFIG_PROCESS, NC_CONFIG_IN_PROCESS } nc_config_isolation;
typedef enum { NC_CONFIG_VIEWER, NC_CONFIG_OPERATOR, NC_CONFIG_ADMINISTRATOR } nc_config_role;
typedef enum {
	NC_CONFIG_DWCP_AUTO,
	NC_CONFIG_DWCP_DATACENTER,
	NC_CONFIG_DWCP_INTERNET,
	NC_CONFIG_DWCP_HYBRID
} nc_config_dwcp_mode;
typedef enum { NC_CONFIG_BBR, NC_CONFIG_CUBIC, NC_CONFIG_ADAPTIVE } nc_config_congestion;
typedef enum { NC_CONFIG_ZSTD, NC_CONFIG_LZ4, NC_CONFIG_NONE } nc_config_compression;

typedef struct nc_config_list {
	const char *const *v;
	size_t n;
} nc_config_list;

/* plugins.allow: which plugin may load, and how far it is trusted. */
typedef struct nc_config_plugin {
	const char *id;
	nc_config_isolation isolation;
} nc_config_plugin;
typedef struct nc_config_plugins {
	const nc_config_plugin *v;
	size_t n;
} nc_config_plugins;

/* server.uid_map: what a local user may do over the socket. */
typedef struct nc_config_uid {
	uint32_t uid;
	nc_config_role role;
} nc_config_uid;
typedef struct nc_config_uids {
	const nc_config_uid *v;
	size_t n;
} nc_config_uids;

typedef struct nc_config {
	struct {
		int64_t api_port, ws_port;
		const char *socket_path;
		uint32_t socket_mode;     /* permission bits */
		const char *socket_group; /* its members are administrators; "" = none */
		nc_config_uids uid_map;
		int64_t reactors; /* at least 1: "0, one per processor" is resolved by the load */
	} server;
	struct {
		const char *node_id; /* never "": the host's name where nothing is set */
		const char *data_dir, *run_dir;
		int64_t max_concurrency;
	} system;
	struct {
		nc_config_driver driver;
		const char *connection_string; /* secret; sqlite: a folder, never "" */
		nc_config_durability durability;
		const char *options_json; /* the store plugin's own configuration; "{}" = none */
	} database;
	struct {
		int32_t level;    /* nc_log_level */
		int32_t format;   /* nc_log_format */
		const char *file; /* "" = stderr */
	} logging;
	struct {
		nc_config_list path;
		nc_config_plugins allow;
		int64_t probe_timeout_us, health_interval_us, health_timeout_us;
		const char *state_dir;
	} plugins;
	struct {
		int64_t log_retention_us, event_retention_us, operation_retention_us,
			audit_retention_us;
	} store;
	struct {
		int64_t workers, per_host, per_provider, per_project, breaker_failures;
		int64_t default_deadline_us, idempotency_ttl_us, breaker_open_us;
	} ops;
	struct {
		int64_t deleted_retention_us, shutdown_timeout_us;
		const char *default_network;
	} vm;
	struct {
		nc_config_algorithm algorithm;
		double vcpu_ratio, memory_ratio, disk_ratio;
		int64_t reserve_memory_mib, reserve_memory_percent; /* the larger of the two */
	} sched;
	struct {
		int64_t pre_init_timeout_us, core_init_timeout_us, service_init_timeout_us,
			post_init_timeout_us;
		int64_t retries, retry_delay_us;
	} boot;
	struct {
		const char *key_file;
	} security;
	struct {
		int64_t port; /* 0 = off */
	} metrics;
	struct {
		bool enable_auto_detection, enable_v3_transport, enable_v3_compression,
			enable_v3_prediction;
		nc_config_dwcp_mode forced_mode;
		int64_t v3_rollout_percentage;
		int64_t min_streams, max_streams;
		nc_config_congestion congestion_algo;
		nc_config_compression compression_algorithm;
		int64_t compression_level;
	} dwcp;
} nc_config;

const nc_config *nc_config_ref(const nc_config *c);
void nc_config_unref(const nc_config *c);
NC_DEFINE_CLEANUP(const nc_config *, nc_config_unref);

/* Where a key's value comes from: "default", "/etc/novacron/config.yaml:12" or
 * "NOVACRON_LOG_LEVEL". Borrowed from the snapshot; NULL for a key that does not exist. */
const char *nc_config_origin(const nc_config *c, const char *key);

#endif
