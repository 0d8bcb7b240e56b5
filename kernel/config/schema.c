/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every configuration key, once. Keys of a section stand together, sections of sections last (the
 * renderers open and close them in this order; a test holds it). Keys that are checked against
 * one another (config/check.c) share a reload class, or a reload could keep half of a pair.
 * Constant data: any thread.
 */
#include "config/schema.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/config.h"

#define S_US 1e6
#define H_US (3600 * S_US)
#define D_US (24 * H_US)
#define Y_US (366 * D_US)

#define AT(field)                .offset = (uint32_t)offsetof(nc_config, field)
#define BOOL(field)              .type = NC_CONFIG_T_BOOL, AT(field)
#define INT(field, lo, hi)       .type = NC_CONFIG_T_INT, AT(field), .min = (lo), .max = (hi)
#define RATIO(field, lo, hi)     .type = NC_CONFIG_T_RATIO, AT(field), .min = (lo), .max = (hi)
#define DURATION(field, lo, hi)  .type = NC_CONFIG_T_DURATION, AT(field), .min = (lo), .max = (hi)
#define STRING(field, lo, hi)    .type = NC_CONFIG_T_STRING, AT(field), .min = (lo), .max = (hi)
#define ENUM(field, list)        .type = NC_CONFIG_T_ENUM, AT(field), .choices = (list)
#define PATH(field)              .type = NC_CONFIG_T_PATH, AT(field), .min = 1, .max = 1024
#define PATH_OR_NONE(field)      .type = NC_CONFIG_T_PATH, AT(field), .min = 0, .max = 1024
#define LIST_OF(kind, field, hi) .type = NC_CONFIG_T_##kind, AT(field), .max = (hi)

#define LIVE          .reload = NC_CONFIG_LIVE
#define PLUGIN_RELOAD .reload = NC_CONFIG_NEEDS_PLUGIN_RELOAD
#define RESTART       .reload = NC_CONFIG_NEEDS_RESTART
#define LATER(what)   .later = (what)

static const char *const drivers[] = { "sqlite", "postgres", "mysql", NULL };
static const char *const durabilities[] = { "full", "unsafe", NULL };
static const char *const levels[] = { "error", "warn", "info", "debug", "trace", NULL };
static const char *const formats[] = { "auto", "json", "text", NULL };
static const char *const algorithms[] = { "first-fit", "best-fit", NULL };
static const char *const dwcp_modes[] = { "auto", "datacenter", "internet", "hybrid", NULL };
static const char *const congestions[] = { "bbr", "cubic", "adaptive", NULL };
static const char *const compressions[] = { "zstd", "lz4", "none", NULL };

static const char face[] = "the network API";
static const char audit[] = "the audit log";
static const char transport[] = "the transport plugin";

/* One key, two or three lines. */
/* clang-format off */
static const nc_config_key keys[] = {
	{ "server.api_port", INT(server.api_port, 1, 65535), .def = "8090", RESTART, LATER(face),
	  .doc = "TCP port of the REST API and the web page." },
	{ "server.ws_port", INT(server.ws_port, 0, 65535), .def = "8091", RESTART, LATER(face),
	  .doc = "TCP port of the WebSocket alias; 0 turns it off." },
	{ "server.socket_path", PATH(server.socket_path), .def = "${system.run_dir}/api.sock", RESTART,
	  .doc = "Unix socket of the API; at most 107 bytes." },
	{ "server.socket_mode", .type = NC_CONFIG_T_MODE, AT(server.socket_mode), .max = 0777,
	  .def = "0660", RESTART, .doc = "Permission bits of the socket, octal." },
	{ "server.socket_group", STRING(server.socket_group, 0, 32), .def = "novacron", RESTART,
	  .doc = "Group that owns the socket; its members and uid 0 are administrators. Empty: none." },
	{ "server.uid_map", LIST_OF(UIDS, server.uid_map, 1000), .def = "[]", LIVE,
	  .doc = "What other local users may do over the socket: a list of uid:role or {uid, role}; "
		 "roles are viewer, operator and administrator." },
	{ "server.reactors", INT(server.reactors, 0, 64), .def = "0", RESTART,
	  .doc = "Threads that serve requests; 0 means one per processor, at most 8." },

	{ "system.node_id", STRING(system.node_id, 0, 63), .def = "", .env = "NOVACRON_NODE_ID",
	  RESTART, .doc = "Name of this kernel among others; empty: the host's name." },
	{ "system.data_dir", PATH(system.data_dir), .def = "/var/lib/novacron", RESTART,
	  .doc = "Where state lives. Paths elsewhere may start with ${system.data_dir}." },
	{ "system.run_dir", PATH(system.run_dir), .def = "/run/novacron", RESTART,
	  .doc = "The socket of the API, gone after a reboot. Paths may start with ${system.run_dir}." },
	{ "system.max_concurrency", INT(system.max_concurrency, 1, 100000), .def = "1000", RESTART,
	  .doc = "Calls to drivers that may be under way at once, over all hosts and providers." },

	{ "database.driver", ENUM(database.driver, drivers), .def = "sqlite", RESTART,
	  .doc = "Store plugin: sqlite now; postgres and mysql are to come." },
	{ "database.connection_string", STRING(database.connection_string, 0, 4096), .def = "",
	  .secret = 1, RESTART,
	  .doc = "For sqlite the folder of its files, empty: ${system.data_dir}/store; for others a URL." },
	{ "database.durability", ENUM(database.durability, durabilities), .def = "full", RESTART,
	  .doc = "full: acknowledged means on disk. unsafe: a power cut may lose acknowledged changes; "
		 "for tests only." },
	{ "database.options", .type = NC_CONFIG_T_MAP, AT(database.options_json), .max = 64,
	  .def = "{}", RESTART, .doc = "The store plugin's own configuration, checked by its schema." },

	{ "logging.level", ENUM(logging.level, levels), .def = "info", .env = "NOVACRON_LOG_LEVEL",
	  LIVE, .doc = "Least important lines that are written." },
	{ "logging.format", ENUM(logging.format, formats), .def = "auto", LIVE,
	  .doc = "json: one object a line; text: for reading; auto: text on a terminal, else json." },
	{ "logging.file", PATH_OR_NONE(logging.file), .def = "", LIVE,
	  .doc = "Log file, opened again on SIGUSR1; empty: standard error." },

	{ "plugins.path", LIST_OF(PATHS, plugins.path, 16), .def = "[" NC_PLUGIN_DIR "]", PLUGIN_RELOAD,
	  .doc = "Folders that are searched for plugins, in order." },
	{ "plugins.allow", LIST_OF(PLUGINS, plugins.allow, 256), .def = "[]", PLUGIN_RELOAD,
	  .doc = "Plugins that may load: a list of ids, id:isolation or {id, isolation}; isolation is "
		 "process (default) or in_process, which trusts the plugin with the whole daemon." },
	{ "plugins.probe_timeout", DURATION(plugins.probe_timeout_us, 0.1 * S_US, 60 * S_US),
	  .def = "5s", RESTART, .doc = "How long a plugin may take to show its tables before it is refused." },
	{ "plugins.health_interval", DURATION(plugins.health_interval_us, 0.1 * S_US, H_US), .def = "30s",
	  RESTART, .doc = "How often each instance of a plugin is asked for its health." },
	{ "plugins.health_timeout", DURATION(plugins.health_timeout_us, 0.1 * S_US, 60 * S_US),
	  .def = "5s", RESTART, .doc = "How long it may take to answer before it counts as unhealthy." },
	{ "plugins.state_dir", PATH(plugins.state_dir), .def = "${system.data_dir}/plugins", RESTART,
	  .doc = "Crash sentinels and quarantine records of plugins." },

	{ "store.log_retention", DURATION(store.log_retention_us, 0, 10 * Y_US), .def = "7d", LIVE,
	  .doc = "How long records of the log are kept after they are written out; at most the last "
		 "100,000 are, whatever this says." },
	{ "store.event_retention", DURATION(store.event_retention_us, H_US, 10 * Y_US), .def = "30d",
	  LIVE, .doc = "How long events are kept." },
	{ "store.operation_retention", DURATION(store.operation_retention_us, H_US, 10 * Y_US),
	  .def = "90d", LIVE, .doc = "How long finished operations, and decisions, are kept." },
	{ "store.audit_retention", DURATION(store.audit_retention_us, D_US, 100 * Y_US), .def = "365d",
	  LIVE, LATER(audit), .doc = "How long audit records are kept." },

	{ "ops.workers", INT(ops.workers, 1, 1024), .def = "16", RESTART,
	  .doc = "Threads that run operation steps." },
	{ "ops.default_deadline", DURATION(ops.default_deadline_us, S_US, 30 * D_US), .def = "30m", LIVE,
	  .doc = "How long one call of a driver may take whose step sets no time of its own." },
	{ "ops.per_host", INT(ops.per_host, 1, 10000), .def = "8", LIVE,
	  .doc = "Operation steps that may run at once on one host." },
	{ "ops.per_provider", INT(ops.per_provider, 1, 10000), .def = "64", LIVE,
	  .doc = "Operation steps that may run at once on one provider." },
	{ "ops.per_project", INT(ops.per_project, 1, 10000), .def = "64", LIVE,
	  .doc = "Operation steps of one project that may run at once on one provider." },
	{ "ops.idempotency_ttl", DURATION(ops.idempotency_ttl_us, 60 * S_US, 30 * D_US), .def = "24h",
	  LIVE, .doc = "How long an Idempotency-Key is remembered; at most store.operation_retention." },
	{ "ops.breaker_failures", INT(ops.breaker_failures, 1, 1000), .def = "5", LIVE,
	  .doc = "Failures in a row after which calls to a provider or target are held back." },
	{ "ops.breaker_open", DURATION(ops.breaker_open_us, 0.1 * S_US, H_US), .def = "30s", LIVE,
	  .doc = "How long they are held back before one is tried again." },

	{ "vm.deleted_retention", DURATION(vm.deleted_retention_us, 0, Y_US), .def = "24h", LIVE,
	  .doc = "How long a deleted VM can be restored." },
	{ "vm.shutdown_timeout", DURATION(vm.shutdown_timeout_us, S_US, D_US), .def = "120s", LIVE,
	  .doc = "How long a guest may take to shut down before it is forced, where the VM says nothing." },
	{ "vm.default_network", STRING(vm.default_network, 1, 63), .def = "default", LIVE,
	  .doc = "Network of a VM that names none and whose project has none." },

	{ "sched.algorithm", ENUM(sched.algorithm, algorithms), .def = "first-fit", LIVE,
	  .doc = "Placement: first-fit is fastest, best-fit fills hosts up." },
	{ "sched.vcpu_ratio", RATIO(sched.vcpu_ratio, 0.1, 64), .def = "4", RESTART,
	  .doc = "Virtual processors promised per processor of a host." },
	{ "sched.memory_ratio", RATIO(sched.memory_ratio, 0.1, 16), .def = "1", RESTART,
	  .doc = "Memory promised per memory of a host." },
	{ "sched.disk_ratio", RATIO(sched.disk_ratio, 0.1, 64), .def = "1", RESTART,
	  .doc = "Disk space promised per disk space of a pool." },
	{ "sched.reserve_memory_mib", INT(sched.reserve_memory_mib, 0, 16 << 20), .def = "2048", RESTART,
	  .doc = "Memory kept for the host itself: this or reserve_memory_percent, the larger." },
	{ "sched.reserve_memory_percent", INT(sched.reserve_memory_percent, 0, 90), .def = "5", RESTART,
	  .doc = "Share of a host's memory kept for the host itself." },

	{ "boot.pre_init_timeout", DURATION(boot.pre_init_timeout_us, 0.1 * S_US, 600 * S_US),
	  .def = "5s", RESTART, .doc = "Ceiling of the first start-up phase: environment, logging, checks." },
	{ "boot.core_init_timeout", DURATION(boot.core_init_timeout_us, 0.1 * S_US, 600 * S_US),
	  .def = "10s", RESTART, .doc = "Ceiling of the second: security, store, cache, network." },
	{ "boot.service_init_timeout", DURATION(boot.service_init_timeout_us, 0.1 * S_US, 600 * S_US),
	  .def = "10s", RESTART, .doc = "Ceiling of the third: plugins, orchestration, API, monitoring." },
	{ "boot.post_init_timeout", DURATION(boot.post_init_timeout_us, 0.1 * S_US, 600 * S_US),
	  .def = "5s", RESTART, .doc = "Ceiling of the last: health and the ready signal." },
	{ "boot.retries", INT(boot.retries, 0, 20), .def = "2", RESTART,
	  .doc = "How often a component that failed to start is tried again." },
	{ "boot.retry_delay", DURATION(boot.retry_delay_us, 0, 60 * S_US), .def = "100ms", RESTART,
	  .doc = "Wait before the first of these; each further one waits twice as long." },

	{ "security.key_file", PATH(security.key_file), .def = "${system.data_dir}/master.key", RESTART,
	  .doc = "Key under which secrets are sealed; made at the first start, never part of a backup." },

	{ "metrics.port", INT(metrics.port, 0, 65535), .def = "0", RESTART, LATER(face),
	  .doc = "A second TCP port for /metrics (9091 is customary); 0: at the API alone." },

	{ "dwcp.enable_auto_detection", BOOL(dwcp.enable_auto_detection), .def = "true", PLUGIN_RELOAD,
	  LATER(transport), .doc = "Choose the transport mode by measuring the path." },
	{ "dwcp.forced_mode", ENUM(dwcp.forced_mode, dwcp_modes), .def = "auto",
	  .env = "NOVACRON_DWCP_MODE", PLUGIN_RELOAD, LATER(transport),
	  .doc = "Transport mode whatever is measured; auto: none is forced." },
	{ "dwcp.enable_v3_transport", BOOL(dwcp.enable_v3_transport), .def = "true", PLUGIN_RELOAD,
	  LATER(transport), .doc = "Use the third version of the transport." },
	{ "dwcp.enable_v3_compression", BOOL(dwcp.enable_v3_compression), .def = "true", PLUGIN_RELOAD,
	  LATER(transport), .doc = "Use its compression." },
	{ "dwcp.enable_v3_prediction", BOOL(dwcp.enable_v3_prediction), .def = "true", PLUGIN_RELOAD,
	  LATER(transport), .doc = "Use its prediction of bandwidth." },
	{ "dwcp.v3_rollout_percentage", INT(dwcp.v3_rollout_percentage, 0, 100), .def = "100",
	  PLUGIN_RELOAD, LATER(transport), .doc = "Share of transfers that use the third version." },
	{ "dwcp.transport.min_streams", INT(dwcp.min_streams, 4, 512), .def = "16", PLUGIN_RELOAD,
	  LATER(transport), .doc = "Least parallel streams of a transfer." },
	{ "dwcp.transport.max_streams", INT(dwcp.max_streams, 4, 512), .def = "256", PLUGIN_RELOAD,
	  LATER(transport), .doc = "Most parallel streams of a transfer." },
	{ "dwcp.transport.congestion_algo", ENUM(dwcp.congestion_algo, congestions), .def = "bbr",
	  PLUGIN_RELOAD, LATER(transport), .doc = "Congestion control." },
	{ "dwcp.compression.algorithm", ENUM(dwcp.compression_algorithm, compressions), .def = "zstd",
	  PLUGIN_RELOAD, LATER(transport), .doc = "Compression of transfers." },
	{ "dwcp.compression.level", INT(dwcp.compression_level, 0, 22), .def = "3", PLUGIN_RELOAD,
	  LATER(transport), .doc = "Compression level; 0 leaves it to the algorithm." },
};
/* clang-format on */

const nc_config_key *nc_config_keys(size_t *ret_n)
{
	*ret_n = NC_LEN(keys);
	return keys;
}

const nc_config_key *nc_config_key_find(const char *key)
{
	for (size_t i = 0; i < NC_LEN(keys); i++) {
		if (!strcmp(keys[i].key, key))
			return &keys[i];
	}
	return NULL;
}

void nc_config_key_env(const nc_config_key *k, char out[NC_CONFIG_ENV_MAX])
{
	static const char prefix[] = "NOVACRON_";
	size_t n = sizeof(prefix) - 1;

	memcpy(out, prefix, n);
	for (const char *p = k->key; *p && n < NC_CONFIG_ENV_MAX - 1; p++)
		out[n++] = *p == '.' ? '_' : (char)toupper((unsigned char)*p);
	out[n] = '\0';
}
